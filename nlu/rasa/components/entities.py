"""Numbers, readings and dates, by the same code as in the rest of Sahti, for those who ask Rasa directly."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import ENTITIES, TEXT
from rasa.shared.nlu.training_data.message import Message

from nlu import dates

ZONE = ZoneInfo("Africa/Casablanca")


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class PureEntities(GraphComponent):
    """Adds the entities that `nlu.dates` finds; relative dates are read against Morocco's clock."""

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> "PureEntities":
        del config, model_storage, resource, execution_context
        return cls()

    def process(self, messages: list[Message]) -> list[Message]:
        now = datetime.now(ZONE).replace(tzinfo=None)
        for message in messages:
            text = message.get(TEXT) or ""
            found = dates.everything(text, now)
            extracted = [
                {
                    "entity": one.type,
                    "value": one.value,
                    "start": one.start,
                    "end": one.end,
                    "extractor": "PureEntities",
                }
                for one in found
            ]
            message.set(ENTITIES, message.get(ENTITIES, []) + extracted, add_to_output=True)
        return messages
