"""Rules and campaigns in plain words, in English and Italian."""
