"""Phrases of which generated messages are made.

A phrase is a string with slots in braces. A slot is filled with one of the phrases in
`SLOTS`, which may have slots themselves, or by one of the number makers. All names,
numbers and addresses are made up: telephone numbers are from the ranges that the
British regulator keeps for drama, addresses end in `.example`.
"""

import random
from collections.abc import Callable

_FIRST_NAMES = (
    "Aisha Ben Carla Dev Emma Finn Grace Hugo Isla Jack Kim Liam Maya Nora Omar Priya "
    "Quinn Rosa Sam Tara Uma Vik Wendy Yusuf Zoe Tom Lucy Raj Ella Max"
)

SLOTS: dict[str, tuple[str, ...]] = {
    "name": tuple(_FIRST_NAMES.split()),
    "vehicle": ("bus", "train", "tram", "ferry", "night bus", "early train"),
    "place": (
        "the {shop}",
        "the office",
        "my sister's",
        "the library",
        "the station",
        "the square",
        "the park",
        "{name}'s place",
        "uni",
        "the gym",
        "mum's",
    ),
    "shop": ("bakery", "market", "corner shop", "pharmacy", "bookshop", "garage"),
    "food": (
        "pizza",
        "curry",
        "noodles",
        "soup",
        "{food_kind} salad",
        "fish and chips",
        "leftovers",
        "pancakes",
    ),
    "food_kind": ("potato", "fruit", "greek", "lentil", "tuna"),
    "thing": (
        "milk",
        "your keys",
        "the charger",
        "a birthday card",
        "bread and eggs",
        "the blue umbrella",
        "my notes",
        "the tickets",
        "cat food",
        "the form",
    ),
    "day": (
        "today",
        "tonight",
        "tomorrow",
        "on monday",
        "on tuesday",
        "on thursday",
        "on saturday",
        "this weekend",
        "next week",
        "after lunch",
    ),
    "feeling": (
        "tired",
        "so happy",
        "a bit sad",
        "proud of you",
        "hungry",
        "ill again",
        "really bored",
        "worried about {name}",
    ),
    "subject": (
        "the {course} exam",
        "that film",
        "the match",
        "the interview",
        "your trip",
        "the new flat",
        "the {course} homework",
        "the party",
        "the dentist",
        "the baby",
    ),
    "course": ("maths", "history", "biology", "driving", "spanish", "chemistry"),
    "late": (
        "running late",
        "stuck in traffic",
        "still at work",
        "on the {vehicle} now",
        "nearly there",
        "just leaving {place}",
    ),
    "greeting": ("hi", "hey", "hiya", "hello", "morning", "evening", "yo", "oi"),
    "laugh": ("haha", "lol", ":)", ":(", "xx", "x", "hehe", ";-)", "ok?", "sorry"),
    "business": (
        "{brand} bank",
        "{brand} mobile",
        "{brand} parcels",
        "{brand} energy",
        "{brand} dental",
        "{brand} travel",
        "{brand} insurance",
        "{brand} cinema",
    ),
    "brand": (
        "Northgate",
        "Bluefin",
        "Harbour",
        "Maple",
        "Orbit",
        "Summit",
        "Willow",
        "Kestrel",
        "Granite",
        "Lumen",
        "Tidewater",
        "Juniper",
    ),
    "prize": (
        "a {money} cash prize",
        "a holiday for two",
        "a new phone",
        "{money} of vouchers",
        "a games console",
        "two cup final tickets",
        "a weekend in {city}",
        "a free camera phone",
    ),
    "city": ("Rome", "Lisbon", "Prague", "Paris", "Oslo", "Malta", "Cork"),
    "hurry": (
        "Offer ends {day}",
        "Last chance",
        "Only {digit} left",
        "Expires in {digit} hours",
        "Do not miss out",
        "Act now",
        "Final notice",
    ),
    "cost": (
        "{pence}p per min",
        "18+ only",
        "T&Cs apply",
        "cost {pence}p per msg",
        "to opt out reply STOP",
        "SAE to PO Box {digit}{digit}{digit}",
        "Std rates apply",
    ),
}

# What friends write to each other.
CHAT = (
    "are you {late}?",
    "i'm {late}, see you at {time}",
    "can you get {thing} from {place} {day}",
    "do you want {food} or {food} {day}?",
    "{name} says {subject} went well",
    "how was {subject}?",
    "i'm {feeling} after {subject}",
    "left {thing} at {place}, will fetch it {day}",
    "let's meet at {place} around {time}",
    "{name} and i are having {food}, join us?",
    "don't forget {thing} {day}",
    "did {name} tell you about {subject}",
    "just finished {subject}, now {food} at {place}",
    "thanks for {thing}, you're a star",
    "happy birthday {name}, hope you get lots of {food}",
    "no worries, {name} can bring {thing}",
    "will be at {place} till {time}, then {late}",
    "feeling {feeling}, might skip {subject}",
    "what time is {subject} {day}?",
    "ok see you {day} at {place}",
    "mum wants to know if you ate the {food}",
    "ask {name} whether {subject} is {day} or later",
    "missed the {vehicle}, back by {time}",
    "good luck with {subject} {day}",
    "{name} is {late} so start without us",
    "where did you put {thing}?",
)

# What mass messages say.
SALE = (
    "You have won {prize}",
    "Congratulations! Your number was drawn for {prize}",
    "Claim {prize} from {business}",
    "You are owed {money} after your accident",
    "Get a loan of up to {money} in {digit} minutes, bad credit ok",
    "{digit} singles near you want to chat {day}",
    "Free ringtones and games for your phone",
    "Half price {business} upgrade for {digit} months",
    "Winner! {prize} is waiting",
    "Earn {money} a week from home, no experience needed",
    "Your {business} points worth {money} run out {day}",
    "Hot tip: this share doubles {day}, put in {money}",
    "Lose {digit} kg in {digit} weeks or your money back",
    "Exclusive casino bonus of {money} for new players",
    "Cheap pills without prescription, delivered {day}",
    "Text chat with {name}, {digit}{digit}, lonely {day}",
    "Debts over {money}? Write them off with a new government scheme",
    "{prize} for the first {digit}{digit} callers",
    "Unlimited calls for {money}, better than your plan",
    "Guaranteed {money} for your old phone",
)

# What both honest senders and cheats write: only the address or number may tell.
AMBIGUOUS = (
    "{business}: your parcel {code} arrives {day}. Another time? {contact}",
    "{business}: payment of {money} to {name} {day}. Not you? {contact}",
    "Hi {name}, it's {name}, this is my new number. {contact}",
    "Your {business} appointment is {day} at {time}. To change it: {contact}",
    "{greeting}, did you see this? {contact} {laugh}",
    "Reminder: your {business} bill of {money} is due {day}. {contact}",
    "{business}: your code is {code}. Problems? {contact}",
    "Missed call from {name} {day}. {contact}",
    "You have {digit} new voicemails. {contact}",
    "{name} sent you {digit} photos of {subject}: {contact}",
    "Two free tickets to {city} {day}, who wants them? {contact}",
    "We won {prize} in the school raffle! {contact}",
    "{business}: nobody was in for order {code} {day}. {contact}",
    "Please call {name} about {subject}, urgent. {contact}",
    "{business} thanks you. Tell us how it went: {contact}",
    "Your order {code} from {business} is ready. {contact}",
)

# How honest senders and cheats can be reached. Some ways are common to both.
HONEST_CONTACT = (
    "{mobile}",
    "{mobile}",
    "www.{site}.example",
    "{site}.example/{code}",
    "{freephone}",
    "reply to this",
)
CHEATING_CONTACT = (
    "{premium}",
    "{premium}",
    "{site}-{lure}.example",
    "{lure}.example/{code}",
    "{freephone}",
    "{mobile}",
)

_LURES = ("claim", "verify", "secure", "bonus", "gift", "refund", "account", "win")


class PhraseFiller:
    """Fills the slots of phrases at random.

    Parameters
    ----------
    chooser : random.Random
        Where the randomness comes from.
    """

    def __init__(self, chooser: random.Random) -> None:
        self._chooser = chooser
        self._makers: dict[str, Callable[[], str]] = {
            "digit": lambda: str(chooser.randint(2, 9)),
            "time": self._time,
            "money": lambda: (
                f"£{chooser.choice((5, 10, 20, 50, 100, 250, 1000, 5000))}"
            ),
            "pence": lambda: str(chooser.choice((10, 25, 50, 100, 150))),
            "code": self._code,
            "site": lambda: chooser.choice(SLOTS["brand"]).lower(),
            "lure": lambda: chooser.choice(_LURES),
            "mobile": lambda: f"07700 900{self._digits(3)}",
            "premium": lambda: f"0909 8790{self._digits(3)}",
            "freephone": lambda: f"08081 570{self._digits(3)}",
        }

    def fill(self, phrase: str, contacts: tuple[str, ...] = HONEST_CONTACT) -> str:
        """Return the phrase with every slot filled.

        Parameters
        ----------
        phrase : str
            The phrase.
        contacts : tuple of str
            The phrases for the slot `contact`.
        """
        start = phrase.find("{")
        while start >= 0:
            end = phrase.index("}", start)
            filling = self._fill_slot(phrase[start + 1 : end], contacts)
            phrase = phrase[:start] + filling + phrase[end + 1 :]
            start = phrase.find("{", start + len(filling))
        return phrase

    def _fill_slot(self, slot: str, contacts: tuple[str, ...]) -> str:
        """Return what one slot is filled with."""
        if slot in self._makers:
            return self._makers[slot]()
        choices = contacts if slot == "contact" else SLOTS[slot]
        return self.fill(self._chooser.choice(choices), contacts)

    def _digits(self, count: int) -> str:
        """Return some digits."""
        return "".join(self._chooser.choices("0123456789", k=count))

    def _time(self) -> str:
        """Return a time of day, in one of the usual spellings."""
        hour, minute = (
            self._chooser.randint(1, 12),
            self._chooser.choice((0, 15, 30, 45)),
        )
        if minute == 0:
            return self._chooser.choice((f"{hour}", f"{hour}pm", f"{hour}ish"))
        return f"{hour}{self._chooser.choice('.:')}{minute}"

    def _code(self) -> str:
        """Return a reference of letters and digits."""
        letters = self._chooser.choices("ABCDEFGHJKLMNPRSTUVWXYZ", k=2)
        return "".join(letters) + self._digits(4)
