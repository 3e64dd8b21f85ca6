"""Web push: a notice on a device, by the push service that its browser chose (RFC 8030).

Who sends is proven by VAPID (RFC 8292); what is said is encrypted for the browser alone (RFC 8291), and says
no more than a subject without clinical words. The message's id is the topic: one that is repeated takes the
place of the first.
"""

from __future__ import annotations

import base64
import time
from urllib.parse import urlsplit

import orjson

from notifications.channels import http, web_push
from notifications.ports import Unreached, Unsure
from notifications.types import Account, Device, Letter, Receipt

TTL = 24 * 3600  # seconds a push service keeps it for a device that is off, where it is of use so long
_TOKEN_SECONDS = 12 * 3600


class WebPush:
    """Our one identity towards every push service."""

    def __init__(self, account: Account) -> None:
        self.provider, self._account = account.code, account
        self._key = web_push.signing_key(account.secret)
        self._tokens: dict[str, tuple[float, str]] = {}

    def send(self, letter: Letter) -> Receipt:
        """To all devices of the reader: accepted when one took it."""
        body = orjson.dumps({"title": letter.subject, "path": letter.path, "language": letter.language})
        gone, taken, causes = [], False, []
        ends = time.monotonic() + self._account.deadline
        for place, device in enumerate(letter.devices):
            # Of what is left each has its part: one whose service hangs leaves the others theirs.
            part = (ends - time.monotonic()) / (len(letter.devices) - place)
            try:
                status = self._post(device, letter, body, seconds=max(part, 0.0))
            except (Unreached, Unsure) as error:
                causes.append(error.cause)
                continue
            if status in {404, 410}:
                gone.append(device.device_id)
            elif 200 <= status < 300:
                taken = True
            else:
                causes.append(f"push-{status}")
        if taken:
            return Receipt(accepted=True, provider=self.provider, gone=tuple(gone))
        if causes:
            # A push that may have arrived is replaced by its repetition: nothing is doubtful about it.
            raise Unreached(causes[0])
        return Receipt(accepted=False, provider=self.provider, cause="push-gone", gone=tuple(gone))

    def find(self, key: str) -> Receipt | None:
        raise Unreached("no-status-query")

    def _post(self, device: Device, letter: Letter, body: bytes, *, seconds: float) -> int:
        topic = base64.urlsafe_b64encode(letter.message_id.bytes).decode().rstrip("=")
        headers = {
            "Authorization": self._authorization(device.endpoint),
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(_ttl(letter)),
            "Urgency": "high" if letter.urgent else "normal",
            "Topic": topic,
        }
        sealed = web_push.seal(body, public_key=device.public_key, auth=device.auth)
        answer = http.request("POST", device.endpoint, headers=headers, body=sealed, seconds=seconds)
        return answer.status

    def _authorization(self, endpoint: str) -> str:
        """Signed once for each push service and used for half of its life."""
        parts = urlsplit(endpoint)
        origin, now = f"{parts.scheme}://{parts.netloc}", time.time()
        until, told = self._tokens.get(origin, (0.0, ""))
        if until < now:
            claims = {"aud": origin, "exp": int(now) + _TOKEN_SECONDS, "sub": self._account.sender}
            told = web_push.authorization(self._key, claims)
            self._tokens[origin] = (now + _TOKEN_SECONDS / 2, told)
        return told


def _ttl(letter: Letter) -> int:
    """A device that is switched on after the visit is not reminded of it (RFC 8030, section 5.2)."""
    if letter.expires_at is None:
        return TTL
    return max(0, min(TTL, int(letter.expires_at.timestamp() - time.time())))
