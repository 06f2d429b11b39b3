"""One template as customers see it: each persona, each language, email and SMS."""
