# SPDX-License-Identifier: Apache-2.0
"""nginx with the configuration of policyd(8), by a unix socket and by TCP.

usage: proxy_nginx.py BUILD FOLDER
"""
import os
import subprocess
import sys

import proxy_clients
import proxy_tests as tests
from proxy_world import App, Count, Policyd, Quiet, documented, free_port, put, settle, substitute, token

MAIN = '''daemon off; master_process off; pid DIR/nginx.pid; error_log DIR/nginx.log warn;
events { worker_connections 512; }
http {
access_log off; client_body_temp_path DIR/b; proxy_temp_path DIR/p; fastcgi_temp_path DIR/f; uwsgi_temp_path DIR/u;
scgi_temp_path DIR/s;
'''


class Nginx:
    def __init__(self, folder, name, pairs):
        self.at = ('127.0.0.1', free_port())
        here = os.path.join(folder, name)
        os.mkdir(here)
        text = substitute(documented('NGINX')[0], pairs + [('listen 80;', f'listen 127.0.0.1:{self.at[1]};')])
        conf = put(here, 'nginx.conf', MAIN.replace('DIR', here) + text + '}\n')
        self.process = subprocess.Popen(['nginx', '-p', here, '-c', conf, '-e', os.path.join(here, 'nginx.log')])
        wrong = settle(self.at, self.process)
        if wrong:
            sys.exit(f'nginx {wrong}: ' + open(os.path.join(here, 'nginx.log')).read())

    def stop(self):
        self.process.terminate()
        self.process.wait()


def main(build, folder):
    t, app, policyd, proxies = Count(), App(), Policyd(folder, build), []
    application = ('127.0.0.1:8080', f'127.0.0.1:{app.port}')
    try:
        proxies.append(Nginx(folder, 'unix', [application, ('/run/policyd/proxy.sock', policyd.unix)]))
        _, include, line = documented('NGINX')
        caller = put(folder, 'policy-caller.conf', line.replace('TOKEN', token('proxy', 'machines')))
        proxies.append(Nginx(folder, 'tcp', [
            application, ('unix:/run/policyd/proxy.sock', f'127.0.0.1:{policyd.port}'),
            ('\t\tproxy_set_header X-Policy-Caller "";\n', include), ('/etc/nginx/policy-caller.conf', caller),
            # waits for a policyd that is silent as long as this test does
            ('keepalive 8;\n}', 'keepalive 8;\n}\nproxy_read_timeout 1s;')]))
        for n in proxies:
            tests.matrix(t, app, n.at)
            tests.identity(t, app, n.at)
        unix, tcp = proxies
        tests.uploads(t, app, unix.at)
        tests.sweep(t, app, unix.at)
        tests.confusion(t, app, tcp.at)
        tests.caller(t, app, policyd)
        tests.direct(t, policyd)
        proxy_clients.run(t, build, folder, tcp.at)
        app.take()
        tests.gone(t, app, tcp.at, policyd)
        unsafe(t, app, folder, [application, ('/run/policyd/proxy.sock', policyd.unix)], proxies)
    finally:
        for n in proxies:
            n.stop()
        policyd.stop()
    return t.finish()


def unsafe(t, app, folder, pairs, proxies):
    """What the manual warns of: the test of identity sees it."""
    proxies.append(Nginx(folder, 'unsafe', pairs + [('proxy_set_header X-Policy-User $policy_user;', '')]))
    seen = Quiet()
    tests.identity(seen, app, proxies[-1].at)
    t.check('a proxy that sets no header of identity is noticed', True, seen.failed > 0)


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:3]))
