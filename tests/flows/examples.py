"""Flows the tests talk to, as text, and the moment they take place at."""

from datetime import datetime, timedelta, timezone

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=timezone(timedelta(hours=1)))

VISIT = """\
id: visit
schema: 1
languages: [fr, ary-Latn]
channels: [whatsapp, sms, ussd]
source: {title: House rules, reviewed: 2026-11-20, review_by: 2027-11-20, reviewed_by: null}
expires: 3d
starts_with: {service: null, appointment: {starts_at: "2026-11-24T10:00"}}
start: confirm
states:
  confirm:
    say: appointment.ask
    with: {day: {day: "@appointment.starts_at"}}
    choose:
      come: {to: thanks, accept: [affirm]}
      cannot: {to: places, accept: [deny], label: choice.no}
    otherwise: {say: common.not_understood, times: 2, then: person}
    silent: {after: 4h, to: nudge}
  thanks: {say: appointment.thanks, end: confirmed}
  nudge: {say: appointment.nudge, to: late}
  late:
    if: [{when: "@appointment.starts_at - 2h > now", to: places}]
    else: over
  over: {end: missed}
  places: {do: appointments.places, save: places, to: {some: pick_place, none: person}}
  pick_place:
    say: appointment.which_place
    pick:
      from: "@places"
      save: place
      label: {key: choice.place, with: {name: {words: "@item.name"}}}
      to: ask_day
      none: person
  ask_day:
    say: appointment.which_day
    ask: {type: date, accepts: [date, datetime], save: day, to: offer, more: {soonest: offer}}
  offer:
    do: appointments.offer
    with: {place: "@place.id", day: "@day", service: "@service"}
    save: slots
    to: {some: pick_slot, none: no_slot}
  pick_slot:
    say: appointment.which_slot
    pick:
      from: "@slots"
      save: slot
      label: {key: choice.slot, with: {at: {datetime: "@item.starts_at"}}}
      to: book
      none: no_slot
      more: {other_day: {to: ask_day, accept: [deny]}}
  no_slot: {say: appointment.no_slot, to: person}
  book: {do: appointments.book, with: {slot: "@slot.id"}, to: {booked: booked, full: offer, already: menu}}
  booked: {say: appointment.booked, with: {at: {datetime: "@slot.starts_at"}}, end: booked}
  menu: {go: menu, with: {from: visit}}
  person: {say: handover.coming, handover: asked_for_human}
tests:
  - {name: comes, on: ussd, lang: fr, talk: [{bot: appointment.ask}, {me: "1"}, {bot: appointment.thanks}, {end: confirmed}]}
"""

SLOTS = [
    {"id": "s1", "starts_at": "2026-11-24T09:00"},
    {"id": "s2", "starts_at": "2026-11-24T10:00"},
    {"id": "s3", "starts_at": "2026-11-25T10:00"},
]
PLACES = [{"id": 7, "name": {"Latn": "Agdal"}}, {"id": 8, "name": {"Latn": "Yacoub"}}]
