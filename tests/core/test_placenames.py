from bot.core.placenames import spoken


def test_a_place_is_known_by_its_quarter_and_its_town() -> None:
    found = spoken({"agdal": ["CS Agdal, Rabat", "م.ص أكدال، الرباط"], "tiznit": ["CS Tiznit"]})
    assert found["agdal"] == ["CS Agdal, Rabat", "م.ص أكدال، الرباط", "Agdal", "Rabat", "أكدال", "الرباط"]
    assert found["tiznit"] == ["CS Tiznit", "Tiznit"]


def test_a_town_with_two_places_names_neither() -> None:
    found = spoken({"agdal": ["CS Agdal, Rabat"], "yacoub": ["CS Yacoub El Mansour, rabat"]})
    assert found == {
        "agdal": ["CS Agdal, Rabat", "Agdal"],
        "yacoub": ["CS Yacoub El Mansour, rabat", "Yacoub El Mansour"],
    }


def test_the_kind_of_place_is_no_name() -> None:
    assert spoken({"one": ["Centre de santé"]}) == {"one": ["Centre de santé"]}
