"""Our prompts as FastMCP wants them."""

from __future__ import annotations

import logging
from typing import Any

from fastmcp import FastMCP
from fastmcp.exceptions import PromptError
from fastmcp.prompts.base import Message, Prompt, PromptArgument
from pydantic import PrivateAttr

from trunkline_server.errors import TrunklineError
from trunkline_server.serving.app.asker import asker
from trunkline_server.serving.app.unnoted import Unnoted
from trunkline_server.serving.source import Sources
from trunkline_server.serving.tools.prompts import JOBS, Job
from trunkline_server.serving.tools.tool import DATABASE


def add_to(server: FastMCP[Any], sources: Sources) -> None:
    """Offer the prompts, with a database to choose when there are several."""
    for job in JOBS:
        server.add_prompt(_offered(job, sources))


class _Offered(Unnoted, Prompt):
    """One of our jobs."""

    _job: Job = PrivateAttr()
    _sources: Sources = PrivateAttr()

    async def render(self, arguments: dict[str, Any] | None = None) -> list[Message | str]:
        """Return the one message of this job.

        Raises:
            PromptError: something that is needed was not filled in.
        """
        given = {name: str(value) for name, value in (arguments or {}).items() if value}
        missing = [s.name for s in self._job.slots if s.is_required and s.name not in given]
        if missing:
            raise _refused(f"{self._job.title} needs: {', '.join(missing)}.")
        try:
            source = self._sources.of(given.pop(DATABASE, None), asker().profiles)
        except TrunklineError as exc:
            raise _refused(str(exc)) from exc
        if len(self._sources) > 1:
            given[DATABASE] = source.profile.id
        return [Message(self._job.text(given))]


def _refused(words: str) -> PromptError:
    # Whoever asked is told; a traceback in the log would say nothing more.
    return PromptError(words, log_level=logging.DEBUG)


def _offered(job: Job, sources: Sources) -> _Offered:
    arguments = [
        PromptArgument(name=slot.name, description=slot.description, required=slot.is_required)
        for slot in job.slots
    ]
    if len(sources) > 1:
        which = PromptArgument(name=DATABASE, description="Which database.", required=True)
        arguments.insert(0, which)
    prompt = _Offered(
        name=job.name, title=job.title, description=job.description, arguments=arguments
    )
    prompt._job, prompt._sources = job, sources
    return prompt
