"""One message in as many requests as its provider needs: nothing is lost, nothing is out of order."""

from hypothesis import given
from hypothesis import strategies as st

from sms_gateway.channel import Capabilities
from sms_gateway.parting import parted, pieces
from sms_gateway.segments import count
from sms_gateway.types import Button, Media, Menu, Part, Template

SMS = Capabilities(medium="sms", max_units=160)
WHATSAPP = Capabilities(medium="whatsapp", max_units=400, rich_units=60, buttons=3, media=1, caption_units=30)
MANY = Capabilities(medium="sms", max_units=160, media=10, caption_units=160)
PHOTO, NOTE = Media("image/jpeg", "https://x.example/1.jpg"), Media("audio/ogg", "https://x.example/2.ogg")
TEXTS = st.text(st.sampled_from("ab é€\nسلامⵣ😀 "), max_size=600)


def test_a_text_that_fits_stays_whole() -> None:
    part = Part("Votre visite est demain", buttons=(Button("1", "Oui"),))
    assert parted(part, WHATSAPP) == (part,)


def test_what_is_pressed_stays_with_the_last_piece() -> None:
    part = Part("Votre visite est demain à neuf heures au centre de santé. Vous venez ?", buttons=(Button("1", "Oui"),))
    *before, last = parted(part, WHATSAPP)
    assert [one.buttons for one in before] == [()]
    assert last.buttons == part.buttons
    assert " ".join(one.text for one in (*before, last)) == part.text


def test_what_cannot_be_pressed_is_numbered() -> None:
    asked = Part("Vous venez ?", buttons=(Button("y", "Oui"), Button("n", "Non")))
    assert parted(asked, SMS) == (Part("Vous venez ?\n1. Oui\n2. Non"),)
    assert parted(Part("Où ?", menu=Menu("Choisir", asked.buttons)), SMS) == (Part("Où ?\n1. Oui\n2. Non"),)


def test_a_template_is_one_request_however_long() -> None:
    part = Part("x" * 900, template=Template("visit", "fr", ("demain",)))
    assert parted(part, WHATSAPP) == (part,)


def test_a_short_text_is_the_caption_and_a_long_one_its_own_message() -> None:
    assert parted(Part("La carte", media=(PHOTO,)), WHATSAPP) == (Part("La carte", media=(PHOTO,)),)
    long = "Voici la carte du centre de santé de votre quartier"
    assert parted(Part(long, media=(PHOTO,)), WHATSAPP) == (Part("", media=(PHOTO,)), Part(long))


def test_a_voice_note_has_no_caption() -> None:
    assert parted(Part("Écoutez", media=(NOTE,)), WHATSAPP) == (Part("", media=(NOTE,)), Part("Écoutez"))


def test_several_attachments() -> None:
    both = (PHOTO, PHOTO)
    assert parted(Part("Les cartes", media=both), MANY) == (Part("Les cartes", media=both),)
    assert parted(Part("Les cartes", media=both), WHATSAPP) == (
        Part("Les cartes", media=(PHOTO,)),
        Part("", media=(PHOTO,)),
    )
    assert parted(Part("", media=both), WHATSAPP) == (Part("", media=(PHOTO,)), Part("", media=(PHOTO,)))


def test_without_attachments_the_address_stands_under_the_text() -> None:
    assert parted(Part("La carte", media=(PHOTO,)), SMS) == (Part("La carte\nhttps://x.example/1.jpg"),)
    assert parted(Part("", media=(PHOTO,)), SMS) == (Part("https://x.example/1.jpg"),)


@given(TEXTS, st.integers(8, 200))
def test_no_letter_is_lost_and_every_piece_fits(text: str, limit: int) -> None:
    found = pieces(text, limit)
    assert "".join("".join(found).split()) == "".join(text.split())
    assert all(count(piece).units <= limit for piece in found)
