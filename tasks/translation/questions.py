"""Rows of the sample of questions about small worlds, which are made up."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from seqapps.task import Row

WORLDS = 12_000
SHE = ("Anna", "Clara", "Emma", "Hana", "Leila", "Maria", "Nora", "Olga", "Sofia", "Yumi")
HE = ("Adam", "Ben", "David", "Felix", "Hugo", "Jun", "Karim", "Oscar", "Paul", "Tom")
PLACES = (
    "attic", "barn", "bedroom", "cellar", "garage", "garden", "hall", "kitchen", "library",
    "museum", "office", "park", "studio", "workshop",
)  # fmt: skip
THINGS = ("apple", "book", "coin", "egg", "key", "letter", "orange", "pen", "shell", "ticket")
NUMBERS = ("none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
MOST = len(NUMBERS) - 1  # of a thing that a person may have
GO = ("went to", "walked to", "ran to", "moved to", "hurried to")
GET = {"found": "finding", "bought": "buying", "picked up": "picking up"}
LOSE = {"lost": "losing", "sold": "selling", "threw away": "throwing away"}
GIVE = ("gave {whom} {what}", "gave {what} to {whom}", "handed {what} to {whom}")
THEN = ("Then ", "After that, ", "Later, ", "A little later, ")

Asked = tuple[str, str]  # question, answer


@dataclass
class World:
    """What is true so far, and how it was told."""

    drawn: random.Random
    people: list[str]
    places: list[str]
    things: list[str]
    facts: list[str] = field(default_factory=list)
    deeds: list[str] = field(default_factory=list)  # "Anna going to the garden", in order
    place: dict[str, str] = field(default_factory=dict)  # of each person, in order of arrival
    start: dict[str, str] = field(default_factory=dict)  # `place` before anything was done
    visits: list[tuple[str, str]] = field(default_factory=list)  # (person, place), in order
    owned: Counter[tuple[str, str]] = field(default_factory=Counter)  # of (person, thing)
    subject: str = ""  # the person of the last fact, if it has one only

    def tell(self, who: str, what: str, *, deed: str = "", whom: str = "") -> None:
        """Add a fact. A person named just before may be she or he, where nobody else was named."""
        name = who
        if who == self.subject and self.drawn.random() < 0.4:
            name = "she" if who in SHE else "he"
        lead = self.drawn.choice(THEN) if self.deeds and self.drawn.random() < 0.2 else ""
        self.facts.append(_sentence(f"{lead}{name} {what}"))
        self.subject = "" if whom else who
        if deed:
            self.deeds.append(f"{who} {deed}")

    def enter(self, who: str, place: str) -> None:
        self.place.pop(who, None)  # so that the last to come is the last
        self.place[who] = place
        self.visits.append((who, place))

    def some_of(self, who: str, *, most: int = MOST) -> tuple[int, str]:
        """(how many, of what) the person can part with; 0 where there is nothing."""
        things = [thing for thing in self.things if self.owned[who, thing]]
        if not things:
            return 0, ""
        thing = self.drawn.choice(things)
        return self.drawn.randint(1, min(most, self.owned[who, thing])), thing


def questions() -> Iterator[Row]:
    """{"source": "Tom is in the hall. Anna has two pens. ... Where is Tom?", "target": ...}.

    Some 34,300 questions about 12,000 worlds that are told in two to eleven sentences, with
    answers in words: "In the garden." People move, find, give and lose things, so the last fact
    counts; what is not told is not there. `kind` is "where" (a person is, or who is in a place),
    "how many" (things a person has, people in a place) or "first" (what, who or where); `facts` is
    the world without the question: it lies in one split only.
    """
    drawn = random.Random("questions")
    seen: set[str] = set()
    while len(seen) < WORLDS:
        world = _world(drawn)
        facts = " ".join(world.facts)
        if len(world.facts) < 2 or facts in seen:
            continue
        seen.add(facts)
        for kind, asks in KINDS.items():
            asked = [each for ask in asks for each in [ask(world)] if each]
            if asked:
                question, answer = drawn.choice(asked)
                row = {"source": f"{facts} {question}", "target": _sentence(answer)}
                yield {**row, "kind": kind, "facts": facts}


def _world(drawn: random.Random) -> World:
    """Two or three people, of whom some facts and then some deeds are told."""
    people = drawn.sample(SHE + HE, drawn.randint(2, 3))
    world = World(drawn, people, drawn.sample(PLACES, 3), drawn.sample(THINGS, 2))
    for who in people:
        if drawn.random() < 0.6:
            world.enter(who, drawn.choice(world.places))
            world.tell(who, f"is in the {world.place[who]}")
        if drawn.random() < 0.6:
            number, thing = drawn.randint(1, 5), drawn.choice(world.things)
            world.owned[who, thing] = number
            world.tell(who, f"has {_many(number, thing)}")
    world.start = dict(world.place)
    for _ in range(drawn.randint(2, 5)):
        drawn.choice((_go, _go, _get, _give, _give, _lose))(world, drawn.choice(people))
    return world


# What people do. Nobody can give or lose what is not there: then nothing happens.


def _go(world: World, who: str) -> None:
    place = world.drawn.choice([each for each in world.places if each != world.place.get(who)])
    world.enter(who, place)
    world.tell(who, f"{world.drawn.choice(GO)} the {place}", deed=f"going to the {place}")


def _get(world: World, who: str) -> None:
    number, thing = world.drawn.randint(1, 3), world.drawn.choice(world.things)
    if world.owned[who, thing] + number <= MOST:
        world.owned[who, thing] += number
        verb, what = world.drawn.choice(list(GET)), _many(number, thing)
        world.tell(who, f"{verb} {what}", deed=f"{GET[verb]} {what}")


def _lose(world: World, who: str) -> None:
    number, thing = world.some_of(who)
    if number:
        world.owned[who, thing] -= number
        verb, what = world.drawn.choice(list(LOSE)), _many(number, thing)
        world.tell(who, f"{verb} {what}", deed=f"{LOSE[verb]} {what}")


def _give(world: World, who: str) -> None:
    whom = world.drawn.choice([each for each in world.people if each != who])
    number, thing = world.some_of(who)
    if number and world.owned[whom, thing] + number <= MOST:
        world.owned[who, thing] -= number
        world.owned[whom, thing] += number
        what = _many(number, thing)
        told = world.drawn.choice(GIVE).format(what=what, whom=whom)
        world.tell(who, told, deed=f"giving {whom} {what}", whom=whom)


# What can be asked of a world, and the answer.


def _where_is(world: World) -> Asked | None:
    if not world.place:
        return None
    who = world.drawn.choice(list(world.place))
    shape = world.drawn.choice(("Where is {}?", "Where is {} now?", "Do you know where {} is?"))
    return shape.format(who), f"in the {world.place[who]}"


def _who_is(world: World) -> Asked | None:
    if not world.visits:
        return None
    _, place = world.drawn.choice(world.visits)
    inside = [who for who, where in world.place.items() if where == place]
    return f"Who is in the {place}?", _list(inside) or "nobody"


def _how_many_things(world: World) -> Asked | None:
    if not world.owned:
        return None
    (who, thing), number = world.drawn.choice(list(world.owned.items()))
    shape = world.drawn.choice(
        ("How many {} does {} have?", "How many {} does {} have now?", "How many {} has {} got?")
    )
    return shape.format(f"{thing}s", who), NUMBERS[number]


def _how_many_people(world: World) -> Asked | None:
    if not world.visits:
        return None
    _, place = world.drawn.choice(world.visits)
    return f"How many people are in the {place}?", NUMBERS[list(world.place.values()).count(place)]


def _what_first(world: World) -> Asked | None:
    once = [deed for deed in world.deeds if world.deeds.count(deed) == 1]
    if len(once) < 2:
        return None
    two = world.drawn.sample(once, 2)
    return f"What came first, {two[0]} or {two[1]}?", min(two, key=once.index)


def _who_first(world: World) -> Asked | None:
    _, place = world.drawn.choice(world.visits or [("", "")])
    visitors = list(dict.fromkeys(who for who, where in world.visits if where == place))
    if len(visitors) < 2 or list(world.start.values()).count(place) > 1:
        return None  # of those who were there from the start none was the first
    two = world.drawn.sample(visitors, 2)
    return f"Who was in the {place} first, {two[0]} or {two[1]}?", min(two, key=visitors.index)


def _where_first(world: World) -> Asked | None:
    who = world.drawn.choice(world.people)
    places = [place for person, place in world.visits if person == who]
    return (f"Where was {who} first?", f"in the {places[0]}") if len(places) > 1 else None


KINDS: dict[str, tuple[Callable[[World], Asked | None], ...]] = {
    "where": (_where_is, _who_is),
    "how many": (_how_many_things, _how_many_things, _how_many_people),
    "first": (_what_first, _who_first, _where_first),
}


def _many(number: int, thing: str) -> str:
    return f"{NUMBERS[number]} {thing}{'' if number == 1 else 's'}"


def _list(people: list[str]) -> str:
    """`Anna`, `Anna and Tom`, `Anna, Tom and Yumi`; nothing for nobody."""
    return " and ".join(filter(None, [", ".join(people[:-1]), *people[-1:]]))


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."
