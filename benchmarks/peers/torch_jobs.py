"""The same work in a plain PyTorch loop, and in skorch where it searches."""

import copy

import numpy as np
import torch
from joblib import Parallel, delayed
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.pipeline import Pipeline
from torch import nn

from peers import works

# Keras' for Adam.
EPSILON = 1e-7


class DigitsNetwork(nn.Module):
    """The small CNN for digits, from (n, 1, 8, 8) to logits."""

    def __init__(self):
        super().__init__()
        height, width, _ = works.DIGITS_SHAPE
        self.layers = nn.Sequential(
            nn.Conv2d(1, 16, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(16, 32, 3, padding=1),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(32 * height * width // 4, 64),
            nn.ReLU(),
            nn.Linear(64, works.N_CLASSES),
        )

    def forward(self, X):
        """Return logits."""
        return self.layers(X)


class TextNetwork(nn.Module):
    """The CNN over characters, from padded ids to the logit of spam."""

    def __init__(self, vocabulary_size=100):
        super().__init__()
        n_filters, size = works.CNN_SIZES["filters"], works.CNN_SIZES["embedding_size"]
        (width,) = works.CNN_SIZES["kernel_sizes"]
        self.embedding = nn.Embedding(vocabulary_size, size)
        # Whole dimensions of the embedding are dropped, as in the network in Keras.
        self.drop_dimensions = nn.Dropout1d(0.5)
        self.convolution = nn.Conv1d(size, n_filters, width, padding="same")
        self.dropout = nn.Dropout(works.CNN_SIZES["dropout"])
        self.output = nn.Linear(2 * n_filters, 1)

    def forward(self, X):
        """Return logits."""
        mask = (X != 0).unsqueeze(1)
        if self.training:
            X = torch.where(torch.rand(X.shape) < 0.1, torch.ones_like(X), X)
        x = self.drop_dimensions(self.embedding(X).transpose(1, 2)) * mask
        x = torch.relu(self.convolution(x)) * mask
        mean = x.sum(2) / mask.sum(2).clamp(min=1)
        x = torch.cat([x.amax(2), mean], dim=1)
        return self.output(self.dropout(x)).squeeze(1)


class CifarNetwork(nn.Module):
    """Four convolutions and a dense layer, from (n, 3, 32, 32) to logits."""

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(3, 32, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(32, 32, 3),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(32, 64, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(64, 64, 3),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Linear(64 * 6 * 6, 512),
            nn.ReLU(),
            nn.Linear(512, works.N_CLASSES),
        )

    def forward(self, X):
        """Return logits."""
        return self.layers(X)


class LSTMNetwork(nn.Module):
    """An LSTM over words, from padded ids and their lengths to the logit of spam."""

    def __init__(self, vocabulary_size):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary_size, works.LSTM_EMBEDDING)
        self.lstm = nn.LSTM(works.LSTM_EMBEDDING, works.LSTM_UNITS, batch_first=True)
        self.output = nn.Linear(works.LSTM_UNITS, 1)

    def forward(self, ids, lengths):
        """Return logits."""
        # oneDNN works on whole matrices only: packed sequences would take longer.
        found, _ = self.lstm(self.embedding(ids))
        last = found[torch.arange(len(found)), lengths - 1]
        return self.output(last).squeeze(1)


def as_keras_begins(network):
    """Draw weights as Keras does.

    Glorot's uniform distribution and zero biases; small uniform numbers in embeddings;
    orthogonal recurrent weights, and ones for the biases of the gates that forget.
    """
    for module in network.modules():
        if isinstance(module, nn.Conv1d | nn.Conv2d | nn.Linear):
            nn.init.xavier_uniform_(module.weight)
            nn.init.zeros_(module.bias)
        elif isinstance(module, nn.Embedding):
            nn.init.uniform_(module.weight, -0.05, 0.05)
        elif isinstance(module, nn.LSTM):
            nn.init.xavier_uniform_(module.weight_ih_l0)
            # Keras draws all four gates as one matrix.
            recurrent = torch.empty(module.hidden_size, 4 * module.hidden_size)
            nn.init.orthogonal_(recurrent)
            with torch.no_grad():
                module.weight_hh_l0.copy_(recurrent.T)
            nn.init.zeros_(module.bias_ih_l0)
            nn.init.zeros_(module.bias_hh_l0)
            nn.init.ones_(module.bias_ih_l0[module.hidden_size :][: module.hidden_size])
    return network


def digits_network():
    """Return the CNN for digits, with weights as Keras draws them."""
    return as_keras_begins(DigitsNetwork())


def text_network(vocabulary_size=100):
    """Return the CNN over characters, with weights as Keras draws them."""
    return as_keras_begins(TextNetwork(vocabulary_size))


def train(network, tensors, loss_of, *, rate, epochs, batch):
    """Train with Adam on shuffled batches."""
    optimizer = torch.optim.Adam(network.parameters(), lr=rate, eps=EPSILON)
    n_rows = len(tensors[0])
    network.train()
    for _ in range(epochs):
        order = torch.randperm(n_rows)
        for start in range(0, n_rows, batch):
            rows = order[start : start + batch]
            optimizer.zero_grad(set_to_none=True)
            loss_of(network, *(tensor[rows] for tensor in tensors)).backward()
            optimizer.step()
    network.eval()


def of_classes(network, images, classes):
    """Return the cross-entropy of a batch of images."""
    return nn.functional.cross_entropy(network(images), classes)


def score_digits(seed, rate, images, targets, rows, others):
    """Train the CNN for digits on some rows; return its accuracy on others."""
    torch.manual_seed(seed)
    network = digits_network()
    train(
        network,
        [images[rows], targets[rows]],
        of_classes,
        rate=rate,
        epochs=works.DIGITS["epochs"],
        batch=works.DIGITS["batch"],
    )
    with torch.inference_mode():
        found = network(images[others]).argmax(1)
    return (found == targets[others]).float().mean().item()


def torch_digits(seed, n_jobs):
    """Search the learning rate as a loop over rates and folds, in processes or one."""
    images, classes = works.digits()
    images = torch.from_numpy(images.transpose(0, 3, 1, 2).copy())
    targets = torch.from_numpy(classes).long()
    means: list = []

    def search():
        folds = StratifiedKFold(works.DIGITS["n_folds"])
        splits = [
            [torch.from_numpy(rows) for rows in split]
            for split in folds.split(classes, classes)
        ]
        scores = Parallel(n_jobs=n_jobs)(
            delayed(score_digits)(seed, rate, images, targets, *split)
            for rate in works.DIGITS["rates"]
            for split in splits
        )
        means.extend(np.reshape(scores, (-1, len(splits))).mean(axis=1))

    return search, lambda: max(means)


def skorch_digits(seed, n_jobs):
    """Search the learning rate of the CNN for digits."""
    from skorch import NeuralNetClassifier

    images, classes = works.digits()
    torch.manual_seed(seed)
    classifier = NeuralNetClassifier(
        digits_network,
        criterion=nn.CrossEntropyLoss,
        optimizer=torch.optim.Adam,
        optimizer__eps=EPSILON,
        max_epochs=works.DIGITS["epochs"],
        batch_size=works.DIGITS["batch"],
        iterator_train__shuffle=True,
        train_split=None,
        verbose=0,
    )
    grid = {"lr": list(works.DIGITS["rates"])}
    search = GridSearchCV(
        classifier, grid, cv=works.DIGITS["n_folds"], n_jobs=n_jobs, refit=False
    )
    images = images.transpose(0, 3, 1, 2).copy()
    return lambda: search.fit(images, classes.astype(np.int64)), (
        lambda: search.best_score_
    )


def skorch_texts(seed, n_jobs):
    """Search the learning rate of the CNN over characters."""
    from skorch import NeuralNetBinaryClassifier

    texts, spam = works.messages()
    torch.manual_seed(seed)
    classifier = NeuralNetBinaryClassifier(
        text_network,
        module__vocabulary_size=works.PaddedCharacters()
        .fit(texts)
        .encoding_.vocabulary_size,
        criterion=nn.BCEWithLogitsLoss,
        optimizer=torch.optim.Adam,
        optimizer__eps=EPSILON,
        max_epochs=works.TEXTS["epochs"],
        batch_size=works.TEXTS["batch"],
        iterator_train__shuffle=True,
        train_split=None,
        verbose=0,
    )
    pipeline = Pipeline([("characters", works.PaddedCharacters()), ("cnn", classifier)])
    grid = {"cnn__lr": list(works.TEXTS["rates"])}
    search = GridSearchCV(
        pipeline, grid, cv=works.TEXTS["n_folds"], n_jobs=n_jobs, refit=False
    )
    # Its loss takes no whole numbers.
    spam = spam.astype("float32")
    return lambda: search.fit(texts, spam), lambda: search.best_score_


def torch_cifar(seed, n_jobs, precision="float32"):
    """Train the CNN for CIFAR-10, its images with the channels last."""
    parts = [
        (
            torch.from_numpy(images.astype("float32") / 255)
            .permute(0, 3, 1, 2)
            .contiguous(memory_format=torch.channels_last),
            torch.from_numpy(classes),
        )
        for images, classes in works.small_images()
    ]
    half = torch.autocast("cpu", torch.bfloat16, enabled=precision == "bfloat16")
    fitted: list = []

    def loss_of(network, images, classes):
        with copy.copy(half):
            logits = network(images)
        return nn.functional.cross_entropy(logits.float(), classes)

    def fit():
        torch.manual_seed(seed)
        network = as_keras_begins(CifarNetwork()).to(memory_format=torch.channels_last)
        train(network, parts[0], loss_of, **works.CIFAR)
        fitted.append(network)

    def accuracy():
        images, classes = parts[1]
        with torch.inference_mode():
            return (fitted[0](images).argmax(1) == classes).float().mean().item()

    return fit, accuracy


def torch_autoencoder(seed, n_jobs):
    """Train the dense autoencoder."""
    n_pixels, n_hidden, n_code = works.AUTOENCODER_SIZES
    pixels, others = (
        torch.from_numpy(part.astype("float32") / 255) for part in works.flat_digits()
    )
    fitted: list = []

    def fit():
        torch.manual_seed(seed)
        network = nn.Sequential(
            nn.Linear(n_pixels, n_hidden),
            nn.ReLU(),
            nn.Linear(n_hidden, n_code),
            nn.Linear(n_code, n_hidden),
            nn.ReLU(),
            nn.Linear(n_hidden, n_pixels),
        )
        train(
            as_keras_begins(network),
            [pixels],
            lambda network, rows: nn.functional.mse_loss(network(rows), rows),
            **works.AUTOENCODER,
        )
        fitted.append(network)

    def error():
        with torch.inference_mode():
            return nn.functional.mse_loss(fitted[0](others), others).item()

    return fit, error


def torch_lstm(seed, n_jobs):
    """Train the LSTM over words."""
    (texts, spam), (others, spam_of_others) = works.conversations()
    fitted: list = []

    def loss_of(network, ids, lengths, labels):
        ids = ids[:, : int(lengths.max())]
        logits = network(ids, lengths)
        return nn.functional.binary_cross_entropy_with_logits(logits, labels)

    def fit():
        torch.manual_seed(seed)
        # Reading the texts is part of the work.
        words = works.words_of(texts)
        labels = torch.from_numpy(spam.astype("float32"))
        network = as_keras_begins(LSTMNetwork(words.vocabulary_size))
        train(network, [*with_lengths(words, texts), labels], loss_of, **works.LSTM)
        fitted.append((network, words))

    def with_lengths(words, some):
        ids = torch.from_numpy(works.padded(words, some).astype(np.int64))
        return ids, (ids != 0).sum(1).clamp(min=1)

    def accuracy():
        network, words = fitted[0]
        with torch.inference_mode():
            found = network(*with_lengths(words, others)) > 0
        return np.mean(found.numpy() == spam_of_others)

    return fit, accuracy
