"""What a link remembers on disk: sealed, whole again after a kill, and never a reason not to start."""

from pathlib import Path

from bot.service.link_memory import LONGEST_JOURNAL, HeldSegments, Journal
from bot.store.vault import Vault

TEXTS = ("212612345678", "5010", 7, 2)


def test_segments_are_found_again_in_their_order(var: Path, vault: Vault) -> None:
    held = HeldSegments(var, vault)
    key = held.key(TEXTS)
    held.keep(key, 2, "bb", 102.0)
    held.keep(key, 1, "aa", 101.0)
    held.keep(key, 1, "aa", 103.0)  # a repeat is no other segment
    again = HeldSegments(var, vault)
    found = again.groups[again.key(TEXTS)]
    assert (found.lines, found.latest) == ({1: "aa", 2: "bb"}, 103.0)
    again.drop(key)
    assert HeldSegments(var, vault).groups == {}
    assert list(var.iterdir()) == []


def test_nothing_personal_stands_on_the_disk(var: Path, vault: Vault) -> None:
    held = HeldSegments(var, vault)
    held.keep(held.key(TEXTS), 1, "6d61776964", 101.0)
    journal = Journal(var / "came")
    journal.moment("f" * 32, 1, 100.0)
    journal.close()
    for file in var.iterdir():
        assert "612345678" not in file.name
        assert b"612345678" not in file.read_bytes()
        assert b"6d61776964" not in file.read_bytes()


def test_a_damaged_segment_is_set_apart_and_a_half_written_one_removed(var: Path, vault: Vault) -> None:
    held = HeldSegments(var, vault)
    held.keep(held.key(TEXTS), 1, "aa", 101.0)
    (var / "x-1.segment").write_bytes(b"\x01damaged")
    (var / "y-1.half").write_bytes(b"\x01")
    assert len(HeldSegments(var, vault).groups) == 1
    assert (var / "x-1.corrupt").exists()
    assert not (var / "y-1.half").exists()


def test_a_text_that_can_never_be_handed_on_is_kept_for_a_person(var: Path, vault: Vault) -> None:
    held = HeldSegments(var, vault)
    key = held.key(TEXTS)
    held.keep(key, 1, "aa", 101.0)
    held.set_apart(key)
    assert [file.suffix for file in var.iterdir()] == [".failed"]
    assert HeldSegments(var, vault).groups == {}


def test_a_journal_with_a_line_cut_off_is_read_all_the_same(var: Path) -> None:
    journal = Journal(var / "came")
    assert journal.moment("a" * 32, 1, 100.0) == 100.0
    journal.close()
    with (var / "came").open("a") as file:
        file.write("bbbb 10")
    again = Journal(var / "came")
    assert again.moment("a" * 32, 1, 101.0) == 100.0
    again.close()


def test_a_journal_does_not_grow_without_end(var: Path) -> None:
    journal = Journal(var / "came")
    for number in range(LONGEST_JOURNAL + 5):
        journal.moment(f"{number % 10:032x}", 1, 100.0 + number)
    journal.close()
    assert len((var / "came").read_text().splitlines()) < 100


def test_what_comes_while_the_link_ends_is_no_failure(var: Path) -> None:
    journal = Journal(var / "came")
    journal.close()
    assert journal.moment("a" * 32, 1, 100.0) == 100.0
