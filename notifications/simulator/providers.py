"""The protocols: text messages as a form post, mail as JSON, web push, and SMTP."""

from __future__ import annotations

import asyncio
import base64
import email
import email.policy
import hashlib
import hmac
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit
from uuid import uuid4

import orjson
from cryptography.hazmat.primitives.asymmetric import ec

from notifications.channels import mail_reports, web_push
from notifications.reports import sign
from notifications.simulator.behaviour import Handset, Provider, Shown
from notifications.simulator.wire import Reply, Request


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call back: where to, what, and how it is signed at the time."""

    url: str
    body: bytes
    kind: str
    signed: Callable[[int], Mapping[str, str]]


Reported = Callable[[Provider, Sequence[Call]], None]
ERROR = Reply(500, b'{"code": 20500, "message": "simulated"}')
# The one device, whose private key this process has: it reads what it is sent.
DEVICE = ec.derive_private_key(0x5EED5EED5EED, ec.SECP256R1())
DEVICE_KEY = web_push.encode(web_push.point(DEVICE.public_key()))
DEVICE_AUTH = web_push.encode(bytes(range(16)))


class HttpProvider:
    """What all that speak HTTP have in common: how they misbehave."""

    def __init__(self, provider: Provider, handset: Handset, reported: Reported) -> None:
        self.provider, self._handset, self._reported = provider, handset, reported

    async def answer(self, request: Request) -> Reply:
        if request.method == "GET":
            return self.find(request)
        with self.provider.counted():
            return await self._answer(request)

    async def _answer(self, request: Request) -> Reply:
        behaviour = self.provider.behaviour
        if behaviour.mode == "hang":
            await asyncio.sleep(3600)
        if behaviour.mode == "error":
            return ERROR
        if behaviour.answer_seconds:
            await asyncio.sleep(behaviour.answer_seconds)
        if behaviour.mode == "slow":
            await asyncio.sleep(behaviour.slow_seconds)
        reply = self.take(request)
        if not await self._kept():
            return ERROR
        if behaviour.lost_answers > 0:
            behaviour.lost_answers -= 1
            return Reply(0)
        return reply

    async def _kept(self) -> bool:
        """Whether what was taken lies where it is to be kept; else it was never taken."""
        taken, self._handset.unkept = self._handset.unkept, []
        keep = self._handset.keep
        if keep is None:
            return True
        for arrival, shown in taken:
            try:
                await asyncio.to_thread(keep, arrival, shown)
            except Exception:  # noqa: BLE001 - whatever it was, the sender is told that it was not taken
                self.provider.forget(arrival.key)
                self._handset.arrivals.remove(arrival)
                return False
        return True

    def take(self, request: Request) -> Reply:
        raise NotImplementedError

    def find(self, request: Request) -> Reply:
        return Reply(404, b"{}")


class SmsProvider(HttpProvider):
    def take(self, request: Request) -> Reply:
        form = dict(parse_qsl(request.body.decode()))
        if not form.get("To", "").lstrip("+").replace(" ", "").replace("-", "").isdigit():
            return Reply(400, b'{"code": 21211, "message": "Invalid number"}')
        key = form.get("Reference") or request.headers.get("idempotency-key", "")
        reference, is_new = self.provider.take(
            self._handset, to=form["To"], text=form.get("Body", ""), key=key
        )
        if is_new and form.get("StatusCallback"):
            self._reported(self.provider, [self._call(form["StatusCallback"], reference, form["To"])])
        return Reply(201, orjson.dumps({"sid": reference, "status": "queued", "to": form["To"]}))

    def _call(self, url: str, reference: str, to: str) -> Call:
        behaviour = self.provider.behaviour
        status = "undelivered" if behaviour.report == "failed" else "delivered"
        body = urlencode({"MessageSid": reference, "MessageStatus": status, "To": to}).encode()
        return Call(
            url=url, body=body, kind="application/x-www-form-urlencoded",
            signed=lambda at: {"X-Signature": sign(behaviour.report_secret, at=at, url=url, body=body)},
        )  # fmt: skip

    def find(self, request: Request) -> Reply:
        wanted = parse_qs(urlsplit(request.target).query).get("Reference", [""])[0]
        reference = self.provider.known.get(wanted)
        found = [{"sid": reference, "status": "sent"}] if reference else []
        return Reply(200, orjson.dumps({"messages": found}))


class MailProvider(HttpProvider):
    def take(self, request: Request) -> Reply:
        told = orjson.loads(request.body)
        if request.target.endswith("/send"):
            return self._take_as_mailtrap(request, told)
        files = [each.get("content", "") for each in told.get("attachments") or []]
        shown = Shown(
            html=told.get("html", ""),
            calendar=base64.b64decode(files[0]).decode("utf-8", "replace") if files else "",
        )
        reference, is_new = self.provider.take(
            self._handset, to=", ".join(told["to"]), text=told.get("text", ""),
            subject=told.get("subject", ""), key=request.headers.get("idempotency-key", ""), shown=shown,
        )  # fmt: skip
        if is_new and self.provider.behaviour.report_url:
            self._reported(self.provider, self._calls(reference, told))
        return Reply(200, orjson.dumps({"id": reference}))

    def _take_as_mailtrap(self, request: Request, told: Mapping[str, Any]) -> Reply:
        """The dialect by its address: several events in one report, signed over its body alone."""
        to = ", ".join(each["email"] for each in told["to"])
        reference, is_new = self.provider.take(
            self._handset, to=to, text=told.get("text", ""), subject=told.get("subject", ""),
            key=request.headers.get("idempotency-key", ""), shown=Shown(html=told.get("html", "")),
        )  # fmt: skip
        if is_new and self.provider.behaviour.report_url:
            event = {
                "event": "bounce" if self.provider.behaviour.report == "failed" else "delivery",
                "message_id": reference, "email": to, "event_id": uuid4().hex, "timestamp": int(time.time()),
                "custom_variables": told.get("custom_variables", {}), "sending_stream": "transactional",
            }  # fmt: skip
            self._reported(self.provider, [self._call_as_mailtrap(orjson.dumps({"events": [event]}))])
        return Reply(200, orjson.dumps({"success": True, "message_ids": [reference]}))

    def _call_as_mailtrap(self, body: bytes) -> Call:
        behaviour = self.provider.behaviour

        def signed(at: int) -> Mapping[str, str]:
            mark = hmac.new(behaviour.report_secret.encode(), body, hashlib.sha256).hexdigest()
            return {"Mailtrap-Signature": mark}

        return Call(url=behaviour.report_url, body=body, kind="application/json", signed=signed)

    def _calls(self, reference: str, told: Mapping[str, object]) -> list[Call]:
        whole = {"email_id": reference, "to": told["to"], "subject": told.get("subject")}
        headers = told.get("headers")
        if isinstance(headers, dict):
            whole["headers"] = [{"name": name, "value": value} for name, value in headers.items()]
        report = self.provider.behaviour.report
        if report == "failed":
            bounce = {"type": "Permanent", "subType": "General", "message": "There is no such mailbox."}
            return [self._call("email.bounced", whole | {"bounce": bounce})]
        calls = [self._call("email.delivered", whole)]
        return [*calls, self._call("email.complained", whole)] if report == "complained" else calls

    def _call(self, kind: str, whole: Mapping[str, object]) -> Call:
        behaviour, event_id = self.provider.behaviour, f"msg_{uuid4().hex}"
        at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        body = orjson.dumps({"type": kind, "created_at": at, "data": whole})

        def signed(at: int) -> Mapping[str, str]:
            signature = mail_reports.signature(behaviour.report_secret, event_id=event_id, at=at, body=body)
            return {"svix-id": event_id, "svix-timestamp": str(at), "svix-signature": signature}

        return Call(url=behaviour.report_url, body=body, kind="application/json", signed=signed)


class PushService(HttpProvider):
    def take(self, request: Request) -> Reply:
        if not request.headers.get("authorization", "").startswith("vapid t="):
            return Reply(401)
        if request.headers.get("content-encoding") != "aes128gcm" or "ttl" not in request.headers:
            return Reply(400)
        if request.target.endswith("/gone"):
            return Reply(410)
        text = web_push.unseal(request.body, private=DEVICE, auth=DEVICE_AUTH)
        told = orjson.loads(text)
        self.provider.take(
            self._handset, to=request.target, text=told.get("path", ""), subject=told.get("title", ""),
            key=request.headers.get("topic", ""),
        )  # fmt: skip
        return Reply(201)


class SmtpProvider:
    """RFC 5321 as far as a sender needs it. A repeated Message-ID is one mail, as mailboxes have it."""

    def __init__(self, provider: Provider, handset: Handset) -> None:
        self.provider, self._handset = provider, handset

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if self.provider.behaviour.mode == "hang":
                await asyncio.sleep(3600)
            writer.write(b"220 simulator ESMTP\r\n")
            await self._talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the sender left
        finally:
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        to = ""
        while line := await reader.readline():
            verb = line[:4].upper()
            if verb == b"QUIT":
                writer.write(b"221 bye\r\n")
                return
            if verb == b"RCPT":
                to = line.decode().partition("<")[2].partition(">")[0]
            if verb != b"DATA":
                writer.write(b"250 ok\r\n")
                continue
            writer.write(b"354 go ahead\r\n")
            body = (await reader.readuntil(b"\r\n.\r\n"))[:-3]
            if not await self._taken(to, body, writer):
                return

    async def _taken(self, to: str, body: bytes, writer: asyncio.StreamWriter) -> bool:
        """Whether the conversation goes on."""
        behaviour = self.provider.behaviour
        self.provider.count()
        if behaviour.mode == "error":
            writer.write(b"451 simulated\r\n")
            return True
        if behaviour.mode == "slow":
            await asyncio.sleep(behaviour.slow_seconds)
        mail = email.message_from_bytes(body, policy=email.policy.default)
        self.provider.take(
            self._handset, to=to, text="", subject=str(mail["Subject"]), key=str(mail["Message-ID"])
        )
        if behaviour.lost_answers > 0:
            behaviour.lost_answers -= 1
            return False
        writer.write(b"250 taken\r\n")
        return True
