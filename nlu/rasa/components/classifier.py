"""Multinomial logistic regression on tf-idf, kept as plain arrays: no pickle is ever loaded."""

import json
from typing import Any

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.nlu.featurizers.featurizer import Featurizer
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from scipy.sparse import csr_matrix, vstack
from sklearn.linear_model import LogisticRegression

RANKING = 5
"""Intents in the ranking of an answer."""


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class TfidfClassifier(IntentClassifier, GraphComponent):
    """Weighs the featurizers' counts by tf-idf. `strength` is the inverse of the regularisation.

    Every answer carries `model_version`, the content hash that the model was trained for.
    """

    def __init__(self, config: dict[str, Any], model_storage: ModelStorage, resource: Resource) -> None:
        self._config = {**self.get_default_config(), **config}
        self._storage = model_storage
        self._resource = resource
        self._labels: list[str] = []
        self._idf = np.zeros(0, dtype=np.float32)
        self._weights = np.zeros((0, 0), dtype=np.float32)
        self._bias = np.zeros(0, dtype=np.float32)

    @classmethod
    def required_components(cls) -> list[type]:
        return [Featurizer]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {"strength": 20.0, "iterations": 60, "version": ""}

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
        counts = vstack([_sentence(one) for one in examples]).tocsr()
        seen = np.bincount(counts.indices, minlength=counts.shape[1])
        self._idf = (np.log((1 + len(examples)) / (1 + seen)) + 1).astype(np.float32)
        regression = LogisticRegression(
            C=self._config["strength"], max_iter=self._config["iterations"], tol=1e-3, multi_class="multinomial"
        )
        regression.fit(self._weigh(counts), [one.get(INTENT) for one in examples])
        self._labels = [str(label) for label in regression.classes_]
        self._weights = regression.coef_.astype(np.float32)
        self._bias = regression.intercept_.astype(np.float32)
        self._persist()
        return self._resource

    def process(self, messages: list[Message]) -> list[Message]:
        for message in messages:
            scores = (self._weigh(_sentence(message)) @ self._weights.T + self._bias).ravel()
            powers = np.exp(scores - scores.max())
            shares = powers / powers.sum()
            order = np.argsort(-shares)[:RANKING]
            ranking = [{"name": self._labels[at], "confidence": float(shares[at])} for at in order]
            message.set(INTENT, ranking[0], add_to_output=True)
            message.set("intent_ranking", ranking, add_to_output=True)
            message.set("model_version", self._config["version"], add_to_output=True)
        return messages

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        return training_data

    def _weigh(self, counts: csr_matrix) -> csr_matrix:
        weighed = counts.astype(np.float32)
        weighed.data = np.log1p(weighed.data) * self._idf[weighed.indices]
        lengths = np.sqrt(weighed.multiply(weighed).sum(axis=1)).A.ravel()
        lengths[lengths == 0] = 1
        return csr_matrix(weighed.multiply((1 / lengths)[:, np.newaxis]), dtype=np.float32)

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
            (folder / "labels.json").write_text(json.dumps(self._labels), encoding="utf-8")

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
            loaded._labels = json.loads((folder / "labels.json").read_text(encoding="utf-8"))
        return loaded


def _sentence(message: Message) -> csr_matrix:
    """The counts of the whole text. Rasa keeps them beside those of single words."""
    _, sentence = message.get_sparse_features(TEXT)
    return csr_matrix(sentence.features)
