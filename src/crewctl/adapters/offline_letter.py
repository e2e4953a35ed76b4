"""Write an e-mail in one of five voices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from crewctl.adapters import offline_text as prose
from crewctl.adapters.offline_prompt import Reading
from crewctl.adapters.offline_subject import Subject, Voice

_SUBJECTS: Mapping[Voice, Sequence[str]] = {
    "question": ("A question about {point} at {about}", "{about}: who looks after {point}?"),
    "story": ("What {about} made me think of", "A short story about {point}, with {about} in mind"),
    "direct": ("{about}: one idea on {point}", "{point} at {about}, in three sentences"),
    "careful": ("{about} and {point}: what I could and could not see", "Before you decide on {point}"),
    "warm": ("A note for {name} on {point}", "{name}, about {point} at {about}"),
}
_OPENINGS: Mapping[Voice, Sequence[str]] = {
    "question": (
        "When talk at {about} turns to {point}, who has to have the answer, and how long does it take to find?",
        "If you could change one thing about {point} at {about} before the month is over, what would it be?",
        "What would {about} do first if {point} needed half of today's time?",
    ),
    "story": (
        (
            "Last week somebody asked me to explain {point} on a single page, and {about} was the example that "
            "made it click."
        ),
        "Picture a Monday morning at {about}, with {point} on the table and three people with three answers.",
        "I keep a list of teams worth learning from; {about} went onto it because of {point}.",
    ),
    "direct": (
        "I am writing because of {point} at {about}.",
        "One thing stood out when I looked at {about}: {point}.",
        "You decide what happens with {point} at {about}, so I will keep this to what you need.",
    ),
    "careful": (
        (
            "Before writing I checked what can be said about {about} with confidence; on {point} that is enough "
            "for one careful suggestion."
        ),
        (
            "I would rather say little about {about} than something that does not hold, so this is about {point} "
            "alone."
        ),
    ),
    "warm": (
        "I have spent some time with what {about} says about itself, and I liked what it says of {point}.",
        "It is easy to see that people at {about} care about {point}, which is why I am writing to you.",
    ),
}
_NOTED: Sequence[str] = (
    "From the preparation, this stayed with me: {fact}",
    "One line of the notes says it best: {fact}",
    "Here is what I take from the research: {fact}",
    "What I read comes down to this. {fact}",
)
_MIDDLES: Mapping[Voice, Sequence[str]] = {
    "question": (
        "Would you rather see to {point} inside {about}, or have help with it?",
        "And what would have to be true of {point} before you call the matter settled?",
        "What do you pay most for {point}: time, money, or patience?",
    ),
    "story": (
        "In a team I know, nobody looked after {point} until one person wrote it down, and the rest followed.",
        "The turning point there was small: they stopped talking about {point} and showed it once.",
        "I would like to hear how that chapter goes at {about}, because nothing about {point} goes by the book.",
    ),
    "direct": (
        "My suggestion: start with {point}, measure it for two weeks, and keep only what shows.",
        "On {point}, the quickest gain is usually to drop one step rather than to add one.",
        "I can show you what I mean about {point} in fifteen minutes, with {about} as the example.",
    ),
    "careful": (
        "What I do not know is who handles {point} inside {about}; you do, and that decides.",
        "If somebody good already sees to {point}, please take this as a note for later.",
        "I have left out every claim about {point} that I could not trace to a source.",
    ),
    "warm": (
        "I imagine that work on {point} is noticed only when it is missing.",
        "If it would help, I am glad to share what others have tried with {point}, without any strings.",
        "Please tell me where I have read {about} wrongly, too; that is as useful as a yes.",
    ),
}
_CLOSINGS: Mapping[Voice, Sequence[str]] = {
    "question": (
        "Which of these is closest to your week? One word back is enough.",
        "Would you send me the one question on {point} you are tired of hearing?",
    ),
    "story": (
        "If you have ten minutes on Thursday, I would trade the rest of the story for yours.",
        "May I send you the page I wrote for them, with {about} in place of their name?",
    ),
    "direct": (
        "Tuesday or Wednesday, ten minutes: which suits you?",
        "If it is a no, a no is fine; if it is a yes, reply with a time.",
    ),
    "careful": (
        "If any of this is wrong, I would like to know before we talk.",
        "Should you want the sources, I will send them with the next mail.",
    ),
    "warm": (
        "Thank you for reading this far, and good luck with {point} either way.",
        "I would be happy to listen for a quarter of an hour, whenever it suits you.",
    ),
}


def write_letter(reading: Reading, subject: Subject) -> str:
    """Return an e-mail with a subject line, in the author's voice."""
    seed = (reading.person, reading.task)
    points = prose.ranked(subject.points, *seed)
    blanks = {"about": subject.about, "name": subject.addressee or "you"}

    def say(frames: Sequence[str], turn: int, fact: str = "") -> str:
        frame = prose.ranked(frames, *seed)[turn % len(frames)]
        point = points[turn % len(points)]
        return prose.upper_first(frame.format(point=point, fact=fact, **blanks))

    voice = subject.voice
    facts = [say(_NOTED, turn, fact) for turn, fact in enumerate(subject.facts[:2])]
    more = [say(_MIDDLES[voice], turn) for turn in range(len(_MIDDLES[voice]))]
    greeting = f"Hello {subject.addressee}," if subject.addressee else "Hello,"
    parts = [
        f"Subject: {say(_SUBJECTS[voice], 0)}",
        greeting,
        say(_OPENINGS[voice], 0) + (f" {_list_of(points)}" if len(points) > 1 else ""),
        "\n\n".join(facts),
        " ".join(more),
        say(_CLOSINGS[voice], 1),
        # A signature would tell those who judge blind drafts who wrote which.
        "Best regards",
    ]
    return "\n\n".join(part for part in parts if part)


def _list_of(points: Sequence[str]) -> str:
    return f"I looked at {prose.listed(list(points))}, in that order."
