"""Cuts texts into words as the rest of Sahti does. Rasa's own tokenizer takes Tifinagh for emoji and deletes it."""

from typing import Any

from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.nlu.tokenizers.tokenizer import Token, Tokenizer
from rasa.shared.nlu.training_data.message import Message

from nlu.fold import Token as Word
from nlu.fold import fold
from nlu.table import shape

NOTHING = "∅"
"""Stands for a text without words: the featurizers need at least one."""


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_TOKENIZER, is_trainable=False)
class FoldingTokenizer(Tokenizer):
    """Words with their place in the text; the lemma holds all folded forms, side by side."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {"intent_tokenization_flag": False, "intent_split_symbol": "_", "token_pattern": None}

    def tokenize(self, message: Message, attribute: str) -> list[Token]:
        text = message.get(attribute)
        tokens = [
            Token(text[word.start : word.end], word.start, word.end, lemma=lemma(word))
            for word in fold(text).tokens
            if word.light
        ]
        return tokens or [Token(text or NOTHING, 0, lemma=NOTHING)]


def lemma(word: Word) -> str:
    """The light fold and the consonant skeleton (marked `_`) of a word, with a space between."""
    return f"{shape(word.light)} _{shape(word.skeleton)}"
