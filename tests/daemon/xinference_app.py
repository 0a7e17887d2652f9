# SPDX-License-Identifier: Apache-2.0
"""Xinference 1.17.0's own AuthService and login, out of its wheel, before routes that do nothing: to be
asked what policyd is asked. Run by xinference_oracle.py, in a Python that has FastAPI.

usage: xinference_app.py WHEEL AUTH ROUTES PORT
"""
import os
import sys
import types

import uvicorn
from fastapi import FastAPI, Request, Security
from fastapi.responses import JSONResponse

wheel, auth, routes, port = sys.argv[1:5]
for name in ('xinference', 'xinference.api'):     # without what they would import: the whole product
    package = types.ModuleType(name)
    package.__path__ = [os.path.join(wheel, *name.split('.'))]
    sys.modules[name] = package
from xinference.api.oauth2.auth_service import AuthService  # noqa: E402
from xinference.api.oauth2.types import LoginUserForm  # noqa: E402

service, app = AuthService(auth), FastAPI()


@app.post('/token')
async def login(request: Request):
    form = LoginUserForm.parse_obj(await request.json())
    return JSONResponse(content=service.generate_token_for_user(form.username, form.password))


@app.get('/v1/cluster/auth')
async def cluster_auth():
    return {'auth': True}


async def nothing():
    return {'app': 1}

with open(routes) as f:
    for line in f:
        method, path, scopes = line.rstrip('\n').split('\t')[:3]
        if path in ('/token', '/v1/cluster/auth'):
            continue
        needed = [s.strip(" '") for s in scopes.strip('[]').split(',')] if scopes.startswith('[') else []
        app.add_api_route(path, nothing, methods=[method], dependencies=[Security(service, scopes=needed)] if needed else None)
uvicorn.run(app, host='127.0.0.1', port=int(port), log_level='critical')
