"""Word embeddings trained on the task's own texts, and two networks that read them."""

import re
from collections import Counter

import numpy as np
import torch
from _shared.loops import Classifier, Recipe, train
from _shared.plain import both
from torch import nn

WORD = re.compile(r"[a-z]+")
PAD, UNKNOWN = 0, 1
WINDOW, NEGATIVES = 4, 5


def words_of(text):
    return WORD.findall(text.lower())


class Vocabulary:
    """The words met at least `least` times, numbered; texts as rows of numbers, cut or padded to `length`."""

    def __init__(self, texts, least=2, most=8000, length=256):
        counts = Counter(word for text in texts for word in words_of(text))
        known = [word for word, count in counts.most_common(most) if count >= least]
        self.numbers = {word: number for number, word in enumerate(known, start=2)}
        self.counts = np.array([0, 0] + [counts[word] for word in known])
        self.length = length

    def __len__(self):
        return len(self.counts)

    def rows(self, texts):
        table = np.full((len(texts), self.length), PAD)
        for row, text in zip(table, texts, strict=True):
            numbers = [self.numbers.get(word, UNKNOWN) for word in words_of(text)[: self.length]]
            row[: len(numbers)] = numbers
        return torch.tensor(table)


class SkipGram(nn.Module):
    """Skip-gram with negative sampling (Mikolov et al. 2013, NeurIPS): neighbours against any words."""

    def __init__(self, vocabulary, width):
        super().__init__()
        self.words = nn.Embedding(len(vocabulary), width, padding_idx=PAD)
        self.contexts = nn.Embedding(len(vocabulary), width, padding_idx=PAD)
        nn.init.normal_(self.words.weight, std=0.1)
        nn.init.zeros_(self.words.weight[PAD])  # as beyond the longest text, or answers would depend on the batch
        nn.init.zeros_(self.contexts.weight)

    def forward(self, centres, neighbours, others):
        centre = self.words(centres)
        near = (centre * self.contexts(neighbours)).sum(1)
        far = torch.einsum("nw,nkw->nk", centre, self.contexts(others))
        return -(nn.functional.logsigmoid(near) + nn.functional.logsigmoid(-far).sum(1)).mean()


def embed(vocabulary, rows, width, recipe, model):
    """Return word vectors (V, width) of a skip-gram trained on `rows`; frequent words are asked for less often."""
    places = (rows > UNKNOWN).nonzero()
    frequency = torch.tensor(vocabulary.counts / vocabulary.counts.sum(), dtype=torch.float32)
    keep = (1e-3 / frequency.clamp(min=1e-9)).sqrt().clamp(max=1)
    places = places[torch.rand(len(places)) < keep[rows[places[:, 0], places[:, 1]]]]
    noise = frequency**0.75
    net = SkipGram(vocabulary, width)

    def loss(chosen):
        row, column = places[chosen].T
        step = torch.randint(1, WINDOW + 1, row.shape) * (2 * torch.randint(0, 2, row.shape) - 1)
        beside = (column + step).clamp(0, rows.shape[1] - 1)
        neighbour = rows[row, beside]
        real = (neighbour > UNKNOWN) & (beside != column)
        others = torch.multinomial(noise, int(real.sum()) * NEGATIVES, replacement=True).view(-1, NEGATIVES)
        return net(rows[row, column][real], neighbour[real], others)

    train(net, loss, len(places), recipe, model)
    return net.words.weight.detach().clone()


class TextClassifier(Classifier):
    """Embeddings by skip-gram, then `build()`'s network on top of them; some words are hidden while it learns."""

    width = 64
    length = 256
    hidden = 0.02
    imbalance = 0.5
    skip_gram = Recipe(steps=600, batch=1024, rate=1e-2, weight_decay=0.0)

    def fit(self, train_part, validation):
        everything = both(train_part, validation)
        self.vocabulary = Vocabulary(everything.inputs, length=self.length)
        rows = self.vocabulary.rows(everything.inputs)
        self.vectors = embed(self.vocabulary, rows, self.width, self.skip_gram, self)
        super().fit(everything, validation)
        del self.vectors  # the network has its own by now

    def prepare(self, texts):
        return self.vocabulary.rows(texts)

    def augment(self, rows):
        blank = (torch.rand(rows.shape) < self.hidden) & (rows != PAD)
        return rows.masked_fill(blank, UNKNOWN)

    def embedding(self):
        return nn.Embedding.from_pretrained(self.vectors, freeze=False, padding_idx=PAD)


class ConvolutionalReader(nn.Module):
    """Windows of three to five words, the strongest answer of each filter (Kim 2014, EMNLP)."""

    def __init__(self, embedding, outputs, filters=64, spans=(1, 2, 3, 4), dropout=0.5):
        super().__init__()
        self.embedding = embedding
        width = embedding.embedding_dim
        self.spans = nn.ModuleList(nn.Conv1d(width, filters, span, padding=span - 1) for span in spans)
        self.head = nn.Sequential(nn.Dropout(dropout), nn.Linear(filters * len(spans), outputs))

    def forward(self, rows):
        lengths = (rows != PAD).sum(1).clamp(min=1)
        words = self.embedding(rows[:, : int(lengths.max())]).transpose(1, 2)
        return self.head(torch.cat([peaks(torch.relu(conv(words)), lengths) for conv in self.spans], 1))


def peaks(answers, lengths):
    """Return the strongest answer of each filter to a window with a word in it: the length of others is no matter."""
    beyond = int(answers.shape[2] - lengths.max())
    places = torch.arange(answers.shape[2])
    return (answers * (places < lengths[:, None] + beyond)[:, None]).amax(2)


class RecurrentReader(nn.Module):
    """A bidirectional GRU over the words; the peak of its states answers."""

    def __init__(self, embedding, outputs, width=64, dropout=0.5):
        super().__init__()
        self.embedding = embedding
        self.cell = nn.GRU(embedding.embedding_dim, width, batch_first=True, bidirectional=True)
        self.head = nn.Sequential(nn.Dropout(dropout), nn.Linear(2 * width, outputs))

    def forward(self, rows):
        lengths = (rows != PAD).sum(1).clamp(min=1)
        packed = nn.utils.rnn.pack_padded_sequence(
            self.embedding(rows), lengths, batch_first=True, enforce_sorted=False
        )
        states, _ = nn.utils.rnn.pad_packed_sequence(self.cell(packed)[0], batch_first=True, padding_value=-1.0)
        return self.head(states.amax(1))
