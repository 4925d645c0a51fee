"""The parts of the data generators that have rules of their own."""

import os
import tempfile
import unittest

import numpy as np

from data.bert import Tokenizer, gelu
from data.descriptions import read_descriptions


class Tokens(unittest.TestCase):
    tokenizer = Tokenizer(
        ["[UNK]", "[CLS]", "[SEP]", "play", "##ing", "##s", ",", "cafe", "un", "##play"]
    )

    def test_words_are_lower_case_without_accents_and_marks_stand_alone(self):
        self.assertEqual(self.tokenizer.words("Playing, Café  x"), ["playing", ",", "cafe", "x"])

    def test_the_longest_prefix_wins_and_unknown_words_are_one_token(self):
        self.assertEqual(self.tokenizer.encode("playings unplay zzz"), [1, 3, 4, 5, 8, 9, 0, 2])

    def test_gelu_is_within_single_precision_of_its_definition(self):
        from math import erf, sqrt

        x = np.linspace(-6, 6, 241, dtype=np.float32)
        wanted = [v * (1 + erf(v / sqrt(2))) / 2 for v in map(float, x)]
        np.testing.assert_allclose(gelu(x), wanted, atol=2e-6)


class Descriptions(unittest.TestCase):
    def test_equal_texts_are_taken_once(self):
        stanza = (
            "Package: {}\nDescription-md5: 0\nDescription-en: a tool\n does this\n .\n and that\n"
        )
        with tempfile.TemporaryDirectory() as directory:
            path = os.path.join(directory, "list")
            with open(path, "w", encoding="utf-8") as file:
                file.write(
                    "\n".join(
                        [
                            stanza.format("one"),
                            stanza.format("two"),
                            "Package: three\nDescription-en: other\n",
                        ]
                    )
                )
            found = read_descriptions([path])
        self.assertEqual(
            found,
            [("one", "a tool", "a tool  does this  .  and that"), ("three", "other", "other")],
        )
