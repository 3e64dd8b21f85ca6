"""The protocols: text messages as a form post, mail as JSON, web push, and SMTP."""

from __future__ import annotations

import asyncio
import email
import email.policy
from collections.abc import Callable
from urllib.parse import parse_qs, parse_qsl, urlsplit

import orjson
from cryptography.hazmat.primitives.asymmetric import ec

from notifications.channels import web_push
from notifications.simulator.behaviour import Handset, Provider
from notifications.simulator.wire import Reply, Request

Reported = Callable[[Provider, str, str, str], None]
ERROR = Reply(500, b'{"code": 20500, "message": "simulated"}')


class HttpProvider:
    """What all that speak HTTP have in common: how they misbehave."""

    def __init__(self, provider: Provider, handset: Handset, reported: Reported) -> None:
        self.provider, self._handset, self._reported = provider, handset, reported

    async def answer(self, request: Request) -> Reply:
        behaviour = self.provider.behaviour
        if request.method == "GET":
            return self.find(request)
        self.provider.count()
        if behaviour.mode == "hang":
            await asyncio.sleep(3600)
        if behaviour.mode == "error":
            return ERROR
        if behaviour.answer_seconds:
            await asyncio.sleep(behaviour.answer_seconds)
        if behaviour.mode == "slow":
            await asyncio.sleep(behaviour.slow_seconds)
        reply = self.take(request)
        if behaviour.lost_answers > 0:
            behaviour.lost_answers -= 1
            return Reply(0)
        return reply

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
            self._reported(self.provider, form["StatusCallback"], reference, form["To"])
        return Reply(201, orjson.dumps({"sid": reference, "status": "queued", "to": form["To"]}))

    def find(self, request: Request) -> Reply:
        wanted = parse_qs(urlsplit(request.target).query).get("Reference", [""])[0]
        reference = self.provider.known.get(wanted)
        found = [{"sid": reference, "status": "sent"}] if reference else []
        return Reply(200, orjson.dumps({"messages": found}))


class MailProvider(HttpProvider):
    def take(self, request: Request) -> Reply:
        told = orjson.loads(request.body)
        reference, _ = self.provider.take(
            self._handset, to=", ".join(told["to"]), text=told.get("text", ""),
            subject=told.get("subject", ""), key=request.headers.get("idempotency-key", ""),
        )  # fmt: skip
        return Reply(200, orjson.dumps({"id": reference}))


class PushService(HttpProvider):
    """One device, whose private key this process has: it reads what it is sent."""

    def __init__(self, provider: Provider, handset: Handset, reported: Reported) -> None:
        super().__init__(provider, handset, reported)
        self._private = ec.derive_private_key(0x5EED5EED5EED, ec.SECP256R1())
        self.auth = web_push.encode(bytes(range(16)))
        self.public_key = web_push.encode(web_push.point(self._private.public_key()))

    def take(self, request: Request) -> Reply:
        if not request.headers.get("authorization", "").startswith("vapid t="):
            return Reply(401)
        if request.headers.get("content-encoding") != "aes128gcm" or "ttl" not in request.headers:
            return Reply(400)
        if request.target.endswith("/gone"):
            return Reply(410)
        text = web_push.unseal(request.body, private=self._private, auth=self.auth)
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
