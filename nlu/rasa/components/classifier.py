"""Multinomial logistic regression on tf-idf, kept as plain arrays: no pickle is ever loaded."""

import json
import math
from collections import Counter
from typing import Any

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from nlu.calibration import FOLDS, public, temperature
from nlu.table import BEST, features
from nlu.table_fit import EVENNESS, GROUPS_SEEN, WEIGHTS


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class TfidfClassifier(IntentClassifier, GraphComponent):
    """Weighs what the built-in table sees too by tf-idf: words, skeletons, letter groups, concepts and their pairs.

    Rasa's featurizers cannot look at pairs of concepts, so they are left out. `strength` is the inverse of the
    regularisation. Scores are divided by a temperature fitted on sentences held out, as the table's are, so that both mean
    the same by 0.7. Every answer carries `model_version`, the content hash that the model was trained for.
    """

    def __init__(self, config: dict[str, Any], model_storage: ModelStorage, resource: Resource) -> None:
        self._config = {**self.get_default_config(), **config}
        self._storage = model_storage
        self._resource = resource
        self._labels: list[str] = []
        self._index: dict[str, int] = {}
        self._idf = np.zeros(0, dtype=np.float32)
        self._weights = np.zeros((0, 0), dtype=np.float32)
        self._bias = np.zeros(0, dtype=np.float32)

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {"strength": 20.0, "iterations": 40, "more_iterations": 12, "version": ""}

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> "TfidfClassifier":
        del execution_context
        return cls(config, model_storage, resource)

    def train(self, training_data: TrainingData) -> Resource:
        examples = [one for one in training_data.intent_examples if one.get(INTENT) and one.get(TEXT)]
        seen = [features(one.get(TEXT)) for one in examples]
        counts = Counter(feature for found in seen for feature in found)
        kept = sorted(one for one, count in counts.items() if count >= GROUPS_SEEN or one[0] not in "ck")
        self._index = {feature: at for at, feature in enumerate(kept)}
        self._idf = np.array(
            [math.sqrt(WEIGHTS.get(one[0], 1.0)) * (math.log((1 + len(seen)) / (1 + counts[one])) + 1) for one in kept],
            dtype=np.float32,
        )
        matrix = self._matrix(seen)
        answers = np.array([str(one.get(INTENT)) for one in examples])
        held = np.arange(len(answers)) % FOLDS == 0
        regression = self._unfitted()
        labels, weights, bias = self._fitted(regression, matrix[~held], answers[~held])
        warmth = temperature((matrix[held] @ weights.T + bias).tolist(), labels, answers[held].tolist())
        # from where the first ended it is not far: all sentences cost a fraction of a second fit from nothing
        regression.max_iter = self._config["more_iterations"]
        self._labels, weights, bias = self._fitted(regression, matrix, answers)
        self._weights, self._bias = (weights / warmth).astype(np.float32), (bias / warmth).astype(np.float32)
        self._persist()
        return self._resource

    def _unfitted(self) -> LogisticRegression:
        return LogisticRegression(
            C=self._config["strength"],
            max_iter=self._config["iterations"],
            tol=1e-3,
            multi_class="multinomial",
            warm_start=True,
        )

    def _fitted(
        self, regression: LogisticRegression, matrix: csr_matrix, answers: np.ndarray
    ) -> tuple[list[str], np.ndarray, np.ndarray]:
        """Labels, weights and levelled biases of the regression after these rows."""
        regression.fit(matrix, answers)
        labels = [str(label) for label in regression.classes_]
        shares = Counter(answers.tolist())
        levelled = np.array([EVENNESS * math.log(shares[label] / len(answers)) for label in labels])
        return labels, regression.coef_, regression.intercept_ - levelled

    def process(self, messages: list[Message]) -> list[Message]:
        for message in messages:
            scores = (self._matrix([features(message.get(TEXT) or "")]) @ self._weights.T + self._bias).ravel()
            powers = np.exp(scores - scores.max())
            ranking = self._ranking(powers / powers.sum())
            message.set(INTENT, ranking[0], add_to_output=True)
            message.set("intent_ranking", ranking, add_to_output=True)
            message.set("model_version", self._config["version"], add_to_output=True)
        return messages

    def _ranking(self, shares: np.ndarray) -> list[dict[str, Any]]:
        """The likeliest public intents, each by the likeliest name under it: finer names count together for the public one."""
        sums: dict[str, float] = {}
        names: dict[str, tuple[float, str]] = {}
        for label, share in zip(self._labels, shares.tolist(), strict=True):
            sums[public(label)] = sums.get(public(label), 0.0) + share
            names[public(label)] = max(names.get(public(label), (-1.0, "")), (share, label))
        best = sorted(sums, key=sums.__getitem__, reverse=True)[:BEST]
        return [{"name": names[intent][1], "confidence": min(1.0, sums[intent])} for intent in best]

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        return training_data

    def _matrix(self, seen: list[frozenset[str]]) -> csr_matrix:
        """One row of unit length a text."""
        starts, columns, values = [0], [], []
        for found in seen:
            known = np.array(sorted(self._index[one] for one in found if one in self._index), dtype=np.int32)
            weights = self._idf[known]
            columns.append(known)
            values.append(weights / (np.linalg.norm(weights) or 1.0))
            starts.append(starts[-1] + len(known))
        shape = (len(seen), len(self._index))
        return csr_matrix((np.concatenate(values), np.concatenate(columns), starts), shape=shape)

    def _persist(self) -> None:
        scale = float(np.abs(self._weights).max()) / 32767 or 1.0
        with self._storage.write_to(self._resource) as folder:
            np.savez_compressed(
                folder / "arrays.npz",
                idf=self._idf,
                bias=self._bias,
                weights=np.round(self._weights / scale).astype(np.int16),
                scale=np.float64(scale),
            )
            names = {"labels": self._labels, "features": list(self._index)}
            (folder / "names.json").write_text(json.dumps(names, ensure_ascii=False), encoding="utf-8")

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: object,
    ) -> "TfidfClassifier":
        del execution_context, kwargs
        loaded = cls(config, model_storage, resource)
        with model_storage.read_from(resource) as folder:
            with np.load(folder / "arrays.npz", allow_pickle=False) as arrays:
                loaded._idf = arrays["idf"]
                loaded._bias = arrays["bias"]
                loaded._weights = arrays["weights"].astype(np.float32) * np.float32(arrays["scale"])
            names = json.loads((folder / "names.json").read_text(encoding="utf-8"))
            loaded._labels = names["labels"]
            loaded._index = {feature: at for at, feature in enumerate(names["features"])}
        return loaded
