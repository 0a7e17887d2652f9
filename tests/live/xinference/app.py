# SPDX-License-Identifier: Apache-2.0
"""In Xinference's place: its interface for two models, and no model. It knows of no users; it listens
on loopback, and whoever reaches it is let in.

usage: app.py PORT
"""
import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def model(uid):
    return {'id': uid, 'object': 'model', 'created': 1, 'owned_by': 'xinference', 'model_type': 'LLM', 'model_name': uid,
            'model_ability': ['chat', 'generate'], 'model_uid': uid}


MODELS = {uid: model(uid) for uid in ('m1', 'm2')}


class Handler(BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def say(self, status, body):
        out = json.dumps(body).encode()
        self.send_response(status)
        self.send_header('Content-Type', 'application/json')
        self.send_header('Content-Length', str(len(out)))
        self.end_headers()
        self.wfile.write(out)

    def do_GET(self):
        path = self.path.partition('?')[0]
        if path == '/v1/models':
            self.say(200, {'object': 'list', 'data': list(MODELS.values())})
        elif path.startswith('/v1/models/') and path[11:] in MODELS:
            self.say(200, MODELS[path[11:]])
        else:
            self.say(404, {'detail': 'Not Found'})

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers.get('Content-Length', 0))) or b'{}')
        if self.path == '/v1/chat/completions':
            said = {'role': 'assistant', 'content': f'{asked.get("model")} says hello to {self.headers.get("X-Policy-User", "somebody")}'}
            self.say(200, {'id': 'c1', 'object': 'chat.completion', 'created': 1, 'model': asked.get('model'), 'choices': [
                {'index': 0, 'message': said, 'finish_reason': 'stop'}], 'usage': {'prompt_tokens': 1, 'completion_tokens': 1, 'total_tokens': 2}})
        elif self.path == '/v1/models':
            self.say(200, {'model_uid': asked.get('model_uid') or asked.get('model_name')})
        else:
            self.say(404, {'detail': 'Not Found'})

    def do_DELETE(self):
        self.say(200, {})

    def log_message(self, *_):
        pass


if __name__ == '__main__':
    ThreadingHTTPServer(('127.0.0.1', int(sys.argv[1])), Handler).serve_forever()
