"""What Forebay is compared with on the same server: `limit` sends nothing, `tutorial` is what most would write."""

import os

import boto3
from fastapi import FastAPI, Request, Response
from pydantic import BaseModel, ConfigDict

limit = FastAPI()
tutorial = FastAPI()
_sqs = boto3.client("sqs")


class Anything(BaseModel):
    model_config = ConfigDict(extra="allow")


@limit.post("/records", status_code=202)
async def read(request: Request) -> Response:
    """Reads the body and answers."""
    await request.body()
    return Response(b'{"records":[]}', 202, media_type="application/json")


@tutorial.post("/records", status_code=202)
def send(record: Anything) -> dict[str, str]:
    """In FastAPI's thread pool, one call of boto3 a request."""
    answer = _sqs.send_message(QueueUrl=os.environ["RECORD_QUEUE_URL"], MessageBody=record.model_dump_json())
    return {"message_id": answer["MessageId"]}
