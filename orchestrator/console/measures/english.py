"""What the pages of measures call codes, in English."""

from __future__ import annotations

ENGLISH = {
    "family_voice": "What customers say",
    "family_staying": "Who stays, and who leaves",
    "family_doing": "What customers do",
    "family_worth": "What customers are worth",
    "family_campaigns": "What campaigns bring",
    "by_day": "Day by day",
    "by_week": "Week by week",
    "by_month": "Month by month",
    "by_quarter": "Quarter by quarter",
    "by_year": "Year by year",
    "by_cohort": "By the month of the customer's first event",
    "by_stage": "By the stage of the time",
    "by_segment": "By the segment of today",
    "by_campaign": "By campaign",
    "trouble_time": "This took too long and was ended: choose a shorter time.",
    "trouble_memory": "This needs more memory than it may have: choose a shorter time.",
    "trouble_broken": "This could not be worked out. The console's log says more.",
    "method_count": "Counted. The interval is Garwood's exact one for a count.",
    "method_mean": (
        "The mean, with an interval by the normal distribution, or the median, with one by order statistics."
        " Several observations of one customer count as fewer where they are alike (Kish's design effect)."
    ),
    "method_share": (
        "A share, or a difference of shares, with Wilson's interval or one by the normal distribution. Several"
        " observations of one customer count as fewer where they are alike (Kish's design effect)."
    ),
    "method_time": (
        "From the first to the last event of one thing; only what is over counts. The interval is that of the"
        " mean by the normal distribution, or of the median by order statistics."
    ),
    "method_funnel": (
        "A customer counts by the first time at the first step, once the time for all steps is over. The interval is Wilson's."
    ),
    "method_cohort": "Each customer counts once, by the first event. The interval is Wilson's.",
    "method_ratio": (
        "What was spent, divided by the customers who came. The interval is that of the number of customers (Garwood)."
    ),
    "method_wheel": (
        "Everybody who stood in these stages when a period began, by where they stood at its end. The interval is"
        " Wilson's; several periods of one customer count as fewer where they are alike (Kish's design effect)."
    ),
    "method_moves": "Each stay in a stage counts, once its time is over. The interval is Wilson's.",
    "method_stays": (
        "Stays that ended. The interval of a median is by order statistics, that of a mean by the normal distribution."
    ),
    "method_runs": "Runs that ended and were not held out. The interval is Wilson's.",
    "method_sessions": (
        "Events of one customer that lie less than the gap apart are one session. The interval is that of the"
        " mean by the normal distribution."
    ),
    "method_lift": (
        "Of each campaign the rate of those treated less the rate of those held out. A customer counts once, by"
        " the first run, when the time for its goal is over. The interval is a confidence sequence (Beta-binomial"
        " mixture and Ville's inequality): it may be looked at on any day, and is right on all days together with"
        " 95 % confidence."
    ),
    "method_clv": (
        "What customers have spent, or what they are expected to spend by BG/NBD (how often) and Gamma-Gamma (how"
        " much), fitted by maximum likelihood. The interval is that of the mean by the normal distribution."
    ),
}
