"""Files and images that a pipeline has in its store: a copy of what is refused now is not served.

A pipeline answers from its store, and from what it fetched earlier in the same crawl, without any request that a gate
would see. So each request of a media pipeline is judged by documents before the pipeline looks anywhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scrapy.pipelines.media import MediaPipeline
from twisted.python.failure import Failure

if TYPE_CHECKING:
    from scrapy import Request

    from .warden import Warden

__all__ = ["guard_media"]

_MARK = "_desist_guarded"


def guard_media(warden: Warden) -> None:
    """Stand in front of every media pipeline of the crawl; nothing when done twice."""
    itemproc: Any = warden.crawler.engine.scraper.itemproc
    for pipeline in itemproc.middlewares:
        if isinstance(pipeline, MediaPipeline) and not hasattr(pipeline, _MARK):
            _guard(pipeline, warden)


def _guard(pipeline: Any, warden: Warden) -> None:
    look = pipeline._process_request

    async def process_request(request: Request, info: Any, item: Any) -> Any:
        decision = warden.judge(request.url)
        if not decision.refused:
            return await look(request, info, item)
        failure = Failure(await warden.refuse(decision, "engine"))  # type: ignore[no-untyped-call]
        if request.errback is not None:
            return request.errback(failure)
        answer = pipeline.media_failed(failure, request, info)
        return answer.raiseException() if isinstance(answer, Failure) else answer

    pipeline._process_request = process_request
    setattr(pipeline, _MARK, True)
