# SPDX-License-Identifier: Apache-2.0
"""An application of ML Blocks' shape: /block, /data, /pipeline. AUTH_ENABLED=true guards it, and nothing else does."""
import os

from fastapi import APIRouter, FastAPI, HTTPException, Request
from pydantic import BaseModel

SWITCH = {"true": True, "1": True, "false": False, "0": False, "": False}


class Question(BaseModel):
    text: str
    classes: list[str]
    multipleTrue: bool = False


def score(question):
    """In place of facebook/bart-large-mnli: how much of a class's letters the text has."""
    raw = {c: sum(letter in question.text.lower() for letter in c.lower()) / max(len(c), 1) for c in question.classes}
    if question.multipleTrue:
        return raw
    whole = sum(raw.values()) or 1
    return {c: value / whole for c, value in raw.items()}


def zoo(question):
    return {"vgg": len(question.text)}


class BlockRouter(APIRouter):
    def __init__(self):
        super().__init__(prefix="/block")
        self.blocks = {"bart-large-mnli": score, "vision/vgg": zoo}
        self.add_api_route("", self.list)
        self.add_api_route("/{name:path}", self.predict, methods=["POST"])

    async def list(self):
        return sorted(self.blocks)

    async def predict(self, name: str, question: Question):
        if name not in self.blocks:
            raise HTTPException(404, "no such block")
        return self.blocks[name](question)


class DataRouter(APIRouter):
    def __init__(self):
        super().__init__(prefix="/data")
        self.data = {"vision/faces": "two faces", "text/news": "no news"}
        self.add_api_route("/{name:path}", self.read)
        self.add_api_route("/{name:path}", self.write, methods=["PUT"])

    async def read(self, name: str):
        if name not in self.data:
            raise HTTPException(404, "no such data")
        return {"name": name, "value": self.data[name]}

    async def write(self, name: str, request: Request):
        self.data[name] = (await request.body()).decode()
        return {"name": name}


class PipelineRouter(APIRouter):
    def __init__(self):
        super().__init__(prefix="/pipeline")
        self.add_api_route("", self.create, methods=["POST"])

    async def create(self):
        return {"pipeline": "p1"}


def enabled(switch):
    """A word that is neither yes nor no opens nothing, and starts nothing."""
    if isinstance(switch, bool):
        return switch
    if switch.lower() not in SWITCH:
        raise SystemExit(f"AUTH_ENABLED: found {switch!r}, wanted true or false")
    return SWITCH[switch.lower()]


def create_app(auth=None):
    app = FastAPI()
    for router in (BlockRouter(), DataRouter(), PipelineRouter()):
        app.include_router(router)
    if enabled(os.environ.get("AUTH_ENABLED", "") if auth is None else auth):
        import guard
        guard.install(app, os.environ["AUTH_POLICY"], os.environ["AUTH_ACCOUNTS"])
    return app
