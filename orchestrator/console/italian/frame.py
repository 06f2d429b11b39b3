"""What stands around every page, and time, in Italian."""

from __future__ import annotations

WORDS = {
    "Pages": "Pagine",
    "The wheel": "La ruota",
    "The last hour": "L'ultima ora",
    "Campaigns": "Campagne",
    "Customers": "Clienti",
    "Messages": "Messaggi",
    "In doubt": "In dubbio",
    "Approvals": "Approvazioni",
    "Dead letters": "Scartati",
    "Bad events": "Eventi rifiutati",
    "Engine": "Motore",
    "Who did what": "Chi ha fatto cosa",
    "To the content": "Al contenuto",
    "To the wheel": "Alla ruota",
    "Find a customer: id, email or phone": "Cerca un cliente: id, email o telefono",
    "Find": "Cerca",
    "just now": "adesso",
    "{} ago": "{} fa",
    "in {}": "fra {}",
    "when": "quando",
    "planned": "previsto",
    "since {}": "dal {}",
    "Times are in {}.": "Gli orari sono di {}.",
}
