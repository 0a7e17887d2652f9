# SPDX-License-Identifier: Apache-2.0
"""What hosts do while their OpenBao is stopped, killed, sealed, cut off in mid-answer, or
not the one that it should be; and that they find it again by themselves."""
import os
import signal
import subprocess
import time

from host import COUNT, Cutter, Host, TRIES, stand_still
from live import put
from test_bao import Bao


class Away:
    def stopped(self):
        """It does not answer, until it goes on: what ends before was not waiting for it."""
        put(self.tmp, 'own', self.token(policies=['lister']) + '\n')    # one that outlives it all
        good, what = f'bearer - {self.good}', 'it stands still'
        self.s = Host(self, 'slow', self.lists(os.path.join(self.tmp, 'own'), '60s'))
        self.n = Host(self, 'nap', self.steps(', unscoped: full, cache: 0s', timeout='500ms'))
        stand_still(self.bao.process.pid)
        self.t.hold(what, f'hold {good} work')
        self.l.hold(what, f'hold {self.bob} work')
        self.s.hold(what, 'hold-reload')
        self.d.hold(what, f'hold {good} work')                  # with 5 s to wait
        for host in (self.t, self.l, self.s):
            host.around(what, 3000)
        self.t.no_wait(what, 5000, good)
        self.l.no_wait(what, 5000, self.jwt)
        self.l.no_wait(what, 5000, self.bob)
        self.d.is_('kept, without waiting', f'ask 5000 n 0 {self.cached} work', '5000 allow rule 200 client:bob')
        self.t.is_('a deadline of 300 ms', f'ask 3 - 300 {good} work', '3 deny unavailable 503')
        self.t.is_('a deadline of 300 ms', f'who 3 - 300 {good}', '3 nobody unavailable 503')
        self.l.is_('a deadline of 300 ms', f'ask 3 - 300 {self.jwt} work', '3 deny unavailable 503')
        TRIES['unavailable'] += 9
        self.n.unasked('a step of 500 ms', 20, good)
        self.k.until('a list is no longer believed', 'ask 1 n 0 bearer - entry-token-of-one work', '1 deny unavailable 503')
        self.k.unasked(what, 200, 'bearer - entry-token-of-one', nonblock='no')
        self.k.unasked(what, 200, 'bearer - entry-token-of-none', nonblock='no')
        self.k.reload('it stands still, list')
        self.k.unasked(what, 200, 'bearer - entry-token-of-one', nonblock='no')
        self.k.around(what)
        self.d.join('slow', 'deny unavailable 503')             # it waited for all its 5 s, and no more
        TRIES['unavailable'] += 1
        for host in (self.t, self.l, self.s):
            host.pending(what)
        self.n.is_('a slow call', f'ask 1 - 0 {good} work', '1 deny unavailable 503')
        self.n.end('right behind a slow call', *self.secrets)
        os.kill(self.bao.process.pid, signal.SIGCONT)
        self.t.join('it goes on', 'allow rule 200 client:bob')
        COUNT.check('it goes on, login', 'allow rule 200', self.l.say('join')[:14])
        self.s.join('it goes on', 'reloaded')
        self.back('it goes on')
        self.s.is_('it goes on', 'ask 1 n 0 bearer - entry-token-of-two work', '1 allow rule 200 second:two')
        self.s.end('a reload that was held', *self.secrets)

    def back(self, what):
        """Everything is as it was."""
        self.t.until(what, f'ask 1 - 0 bearer - {self.good} work', '1 allow rule 200 client:bob')
        for cred in (self.jwt, self.bob, self.app):
            got = None
            for _ in range(100):
                got = self.l.say(f'ask 1 - 0 {cred} work')
                if got.startswith('1 allow rule 200 client:'):
                    break
                time.sleep(.05)
            COUNT.check(f'{what}: {cred[:24]}', '1 allow rule 200 client:', (got or '')[:24])
        self.k.until(what, 'ask 1 n 0 bearer - entry-token-of-one work', '1 allow rule 200 entry:one')
        self.k.until(what, 'ask 1 n 0 bearer - entry-token-of-two work', '1 allow rule 200 second:two')
        self.t.is_(what, 'ask 1 - 0 bearer - s.nobodys-token work', '1 deny bad_credential 401')
        for host in (self.t, self.l, self.k):
            host.around(what, 200)

    def nobody_answers(self, what, n):
        self.t.unasked(what, n, f'bearer - {self.good}')
        self.t.unasked(what, n, 'bearer - s.nobodys-token')
        for cred in (self.jwt, self.bob, self.app):
            self.l.unasked(what, n, cred)
        self.k.until(f'{what}: a list is no longer believed', 'ask 1 n 0 bearer - entry-token-of-one work', '1 deny unavailable 503')
        self.k.unasked(what, n, 'bearer - entry-token-of-one', nonblock='no')
        self.t.reload(what)
        self.l.reload(what)
        self.k.reload(what)
        self.t.unasked(what + ', after a reload', n, f'bearer - {self.good}')
        self.k.unasked(what + ', after a reload', n, 'bearer - entry-token-of-two', nonblock='no')
        for host in (self.t, self.l, self.k):
            host.around(what)

    def gone(self):
        self.bao.stop()
        self.d.is_('gone, kept', f'ask 1000 n 0 {self.cached} work', '1000 allow rule 200 client:bob')
        self.d.say('clock 31')
        self.d.unasked('gone, kept for its time and no longer', 100, self.cached)
        self.d.say('clock 0')
        self.nobody_answers('gone', 200)
        self.new = Host(self, 'new', self.steps(', unscoped: full, cache: 0s') + self.lists(os.path.join(self.tmp, 'own'), '1s'))
        self.new.unasked('started while it was gone', 100, f'bearer - {self.good}')
        self.new.around('started while it was gone')
        self.bao = Bao(self.binary, os.path.join(self.tmp, 'bao'), config=self.config, port=self.bao.port).ready('sys/health', (503,))
        self.nobody_answers('started anew, sealed', 50)
        self.unseal()
        self.back('unsealed')
        self.new.until('started while it was gone', f'ask 1 - 0 bearer - {self.good} work', '1 allow rule 200 client:bob')

    def sealed_again(self):
        self.bao.do('PUT', 'sys/seal')
        self.t.unasked('sealed', 100, f'bearer - {self.good}')
        self.l.unasked('sealed', 100, self.bob)
        self.unseal()
        self.back('unsealed again')

    def half(self):
        cutter, what = Cutter(self.bao.port), f'bearer - {self.good}'
        full = ', unscoped: full, cache: 0s'
        self.cutter, self.cut = cutter, f'http://127.0.0.1:{cutter.port}'
        self.r.reload('cut', self.steps(full, address=self.cut))
        self.r.is_('a whole answer', f'ask 3 - 0 {what} work', '3 allow rule 200 client:bob')
        for part in (.95, .5, .1, 0):
            cutter.part = part
            self.r.unasked(f'{part} of an answer', 20, what)
        self.r.reload('cut, and asked again', self.steps(full, address=self.cut, retries=1))
        self.r.unasked('no answer twice', 1, what)
        cutter.part = 1
        self.r.is_('a whole answer again', f'ask 3 - 0 {what} work', '3 allow rule 200 client:bob')

    def silent(self):
        """Half an answer, and then nothing, until the line is closed."""
        cutter, what, cred = self.cutter, 'half an answer, then silence', f'bearer - {self.good}'
        self.r.reload('silence', self.steps(', unscoped: full, cache: 0s, timeout: 60s', address=self.cut, timeout='60s'))
        for part in (.95, .3):
            cutter.part = part
            cutter.closes.clear()
            self.r.hold(what, f'hold {cred} work')
            self.r.is_(what, f'ask 3 - 300 {cred} work', '3 deny unavailable 503')
            self.r.no_wait(what, 1000, cred)
            self.r.around(what, 1000)
            self.r.pending(what)
            cutter.closes.set()
            self.r.join(what, 'deny unavailable 503')
            TRIES['unavailable'] += 4
        cutter.part = 1
        self.r.is_('whole again', f'ask 3 - 0 {cred} work', '3 allow rule 200 client:bob')

    def half_login(self):
        """What a login made is given back where the answer that was cut is not its own."""
        cutter = self.cutter
        self.l.reload('cut', self.logins(self.cut))
        for part in (.95, .5, 0) if Host.times > 1 else (.5,):
            cutter.part = part
            for cred in (self.jwt, self.bob, self.app):
                self.l.unasked(f'{part} of an answer', 2, cred)
        cutter.only = b'GET '                   # looking up what it logged in to
        start = self.bao.accessors()
        for cred in (self.jwt, self.bob, self.app):
            self.l.unasked('a login, and half a look-up', 2, cred)
        COUNT.check('half a look-up: every login was given back', start, self.bao.accessors())
        cutter.part, cutter.only = 1, b''
        self.l.reload('whole again', self.logins())

    def half_listing(self):
        self.half_list('half a list', b'LIST /v1/kv1/')

    def half_list(self, what='half an entry', only=b'GET /v1/kv1/'):
        """One of two lists is cut off: neither read in half, nor the other's loss."""
        cutter = self.cutter
        one, two, none = (f'bearer - entry-token-of-{x}' for x in ('one', 'two', 'none'))
        own = os.path.join(self.tmp, 'own')
        self.k.reload('cut', self.lists(own, '1s', self.cut))
        for cred, yes in ((one, 'entry:one'), (two, 'second:two')):
            self.k.until('whole', f'ask 1 n 0 {cred} work', f'1 allow rule 200 {yes}')
        cutter.part, cutter.only = .9, only
        self.k.until(what, f'ask 1 n 0 {one} work', '1 deny unavailable 503')
        for cred in (one, none):
            self.k.unasked(what, 100, cred, nonblock='no')
        self.k.is_(what, f'ask 100 - 0 {two} work', '100 allow rule 200 second:two')
        cutter.part, cutter.only = 1, b''
        self.k.until('whole again', f'ask 1 n 0 {one} work', '1 allow rule 200 entry:one')
        self.k.until('whole again', f'ask 1 n 0 {none} work', '1 deny bad_credential 401')
        self.k.reload('whole again', self.lists(own, '1s'))
        self.back('never cut again')

    def certified(self):
        folder = os.path.join(self.tmp, 'tls')
        bao = Bao(self.binary, folder, '-dev-tls', '-dev-tls-cert-dir=' + folder, tls=True).ready()
        token = bao.token_create(policies=['default'], meta={'user': 'bob'})['client_token']
        ca, other = os.path.join(folder, 'vault-ca.pem'), os.path.join(self.tmp, 'other.pem')
        subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2',
                        '-subj', '/CN=other', '-keyout', other + '.key', '-out', other], check=True, capture_output=True)
        full = ', unscoped: full, cache: 0s'
        for what, settings, good in (('the right CA', {'ca': ca}, True), ('another CA', {'ca': other}, False),
                                     ("the system's CAs", {}, False), ('the right CA again', {'ca': ca}, True)):
            self.r.reload(what, self.steps(full, address=bao.address, insecure=False, **settings))
            if good:
                self.r.is_(what, f'ask 3 - 0 bearer - {token} work', '3 allow rule 200 client:bob')
            else:
                self.r.unasked(what, 20, f'bearer - {token}')
            self.r.around(what, 100)
        bao.stop()
