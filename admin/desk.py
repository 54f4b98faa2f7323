"""What the staff's pages work with, made once for each application."""

from dataclasses import dataclass

from flask import Flask, current_app

from bot.service.campaigns import Campaigns
from bot.service.handover import Handover
from bot.service.publishing import Publishing
from bot.service.staffing import Staffing
from bot.settings import ROOT
from bot.wiring import Services

KEY = "sahti_desk"


@dataclass(frozen=True, slots=True)
class Desk:
    """The services of the hub and those of the staff."""

    services: Services
    staffing: Staffing
    handover: Handover
    campaigns: Campaigns
    publishing: Publishing


def put(app: Flask, services: Services) -> None:
    """Set the desk up for an application."""
    made, settings = services, services.settings
    app.extensions[KEY] = Desk(
        services=made,
        staffing=Staffing(made.database, made.clock, made.new_id),
        handover=Handover(
            database=made.database,
            vault=made.vault,
            push=made.all_channels.push,
            composer=made.composer,
            catalog=made.catalog,
            wake=made.wake,
            clock=made.clock,
            new_id=made.new_id,
            zone=settings.zone,
        ),
        campaigns=made.campaigns,
        publishing=Publishing(
            database=made.database,
            flows=made.flows,
            folder=ROOT / "flows" / "definitions",
            catalog=made.catalog,
            clock=made.clock,
            new_id=made.new_id,
            zone=settings.zone,
        ),
    )


def desk() -> Desk:
    """The desk of the application that handles this request."""
    found: Desk = current_app.extensions[KEY]
    return found
