"""When a schedule comes, in plain words."""

from __future__ import annotations

from orchestrator.domain.campaign import Schedule
from orchestrator.insight.reading.tongue import Tongue
from orchestrator.insight.times import Clock


def when(schedule: Schedule, tongue: Tongue) -> str:
    """`every Monday at 09:00`; cron as it was written where no words say it shorter."""
    if schedule.at is not None:
        return tongue.say("once_on", Clock(schedule.zone).tell(schedule.at))
    minute, hour, day, month, weekday = (schedule.cron or "").split()
    if minute.isdigit() and hour.isdigit() and month == "*":
        at = f"{int(hour):02}:{int(minute):02}"
        if (day, weekday) == ("*", "*"):
            return tongue.say("every_day", at)
        if day == "*" and weekday.replace(",", "").isdigit():
            days = [tongue.say(f"weekday_{int(number) % 7}") for number in weekday.split(",")]
            return tongue.say("every_weekday", at, tongue.both(days))
        if weekday == "*" and (day == "L" or day.isdigit()):
            return tongue.say("every_last" if day == "L" else "every_month", at, day)
    return tongue.say("by_cron", schedule.cron or "")
