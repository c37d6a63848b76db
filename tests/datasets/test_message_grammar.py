"""The phrases of generated messages."""

import random
import re

import pytest

from skdeep.datasets.message_grammar import (
    AMBIGUOUS,
    CHAT,
    CHEATING_CONTACT,
    HONEST_CONTACT,
    SALE,
    SLOTS,
    PhraseFiller,
)

PHRASES = [*CHAT, *SALE, *AMBIGUOUS, *HONEST_CONTACT, *CHEATING_CONTACT]
PHRASES += [phrase for choices in SLOTS.values() for phrase in choices]


@pytest.mark.parametrize("contacts", [HONEST_CONTACT, CHEATING_CONTACT])
def test_every_slot_is_filled(contacts):
    """No phrase names a slot that does not exist, and none is left open."""
    filler = PhraseFiller(random.Random(0))
    for phrase in PHRASES:
        for _ in range(20):
            filled = filler.fill(phrase, contacts)
            assert filled
            assert not re.search(r"[{}]", filled)


def test_contacts_are_those_of_the_sender():
    """A cheat's premium numbers are never given by an honest sender."""
    filler = PhraseFiller(random.Random(0))
    honest = [filler.fill("{contact}", HONEST_CONTACT) for _ in range(300)]
    cheating = [filler.fill("{contact}", CHEATING_CONTACT) for _ in range(300)]
    assert not any(contact.startswith("0909") for contact in honest)
    assert any(contact.startswith("0909") for contact in cheating)
    # Some ways to be reached are common to both.
    assert any(contact.startswith("08081") for contact in honest)
    assert any(contact.startswith("08081") for contact in cheating)


def test_numbers_and_addresses_belong_to_nobody():
    """Telephone numbers are from ranges kept for drama, addresses cannot exist."""
    filler = PhraseFiller(random.Random(0))
    for phrase in {*HONEST_CONTACT, *CHEATING_CONTACT} - {"reply to this"}:
        for _ in range(20):
            contact = filler.fill(phrase)
            number = re.fullmatch(r"(07700 900|0909 8790|08081 570)\d{3}", contact)
            assert number or re.search(r"\.example(/\w+)?$", contact)


def test_times_are_times():
    """Times of day have an hour of the clock, and minutes or a word after it."""
    filler = PhraseFiller(random.Random(0))
    for _ in range(200):
        time = filler.fill("{time}")
        assert re.fullmatch(r"(1[0-2]|[1-9])(|pm|ish|[.:](15|30|45))", time)
