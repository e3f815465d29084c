"""The platform's limits on calls: per second for an app on one API, per month for the organisation."""

import asyncio
from collections import deque

from imbot.platforms.dingtalk.simulator.answers import Refusal, refuse, refuse_legacy
from imbot.platforms.dingtalk.simulator.settings import Settings


class Quota:
    """Counts calls; a refused call is not counted."""

    def __init__(self) -> None:
        self.used = 0
        self._recent: dict[tuple[str, str], deque[float]] = {}

    def reset_month(self) -> None:
        """Start counting anew."""
        self.used = 0

    def exhausted(self, settings: Settings) -> bool:
        """Is the organisation's month used up?"""
        return settings.monthly is not None and self.used >= settings.monthly

    def take(self, settings: Settings, app: str, api: str, *, legacy: bool) -> None:
        """Count one call. Raises Refusal if a limit is reached; ``legacy`` is the form of its answer."""
        if self.exhausted(settings):
            raise _month_refusal(self.used + 1, settings.monthly or 0, legacy=legacy)
        if settings.qps is not None and not self._take_second(settings.qps, (app, api)):
            raise _second_refusal(legacy=legacy)
        self.used += 1

    def _take_second(self, limit: int, key: tuple[str, str]) -> bool:
        """Count a call in a sliding second; False if the limit is reached.

        This is the strictest reading of the platform's rule, so what passes here passes there.
        """
        now = asyncio.get_running_loop().time()
        recent = self._recent.setdefault(key, deque())
        while recent and now - recent[0] >= 1:
            recent.popleft()
        if len(recent) >= limit:
            return False
        recent.append(now)
        return True


def _second_refusal(*, legacy: bool) -> Refusal:
    message = "您的应用调用该接口的频率超过上限，请求被暂时禁用，请稍后重试"
    if legacy:
        return refuse_legacy(90018, message)
    return refuse("Forbidden.AccessDenied.QpsLimitForAppkeyAndApi", message, status=403)


def _month_refusal(used: int, limit: int, *, legacy: bool) -> Refusal:
    message = (
        f"您的企业本月api调用量已超过限制,调用量:{used}次,额度:{limit}次,"
        "请登录开发者后台-资源管理-查看用量明细"
    )
    if legacy:
        return refuse_legacy(90020, message)
    return refuse("Forbidden.AccessDenied.ApiCountLimitForOrg", message, status=403)
