/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A module that stands for code which somebody made a process run: for the bearer
 * `attack.NAME` it tries what the row of that name says, and logs what came of it. For
 * tests; never installed.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pwd.h>
#include <unistd.h>

#include <policy_module.h>

/* What is tried, below `dir`: store/policy.db, set/, log/, secret, port. */
static char dir[512];

/* Done, where it is not negative. */
static int
at(const char *name, int flags)
{
	char path[700];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return open(path, flags | O_CLOEXEC, 0600);
}

static char *
below(const char *name)
{
	static _Thread_local char paths[2][700];
	static _Thread_local unsigned n;
	char *path = paths[n++ % 2];

	snprintf(path, sizeof(paths[0]), "%s/%s", dir, name);
	return path;
}

static int store_write(void) { return at("store/policy.db", O_RDWR); }
static int store_append(void) { return at("store/policy.db-wal", O_WRONLY | O_APPEND); }
static int store_index(void) { return at("store/policy.db-shm", O_RDWR); }
static int store_make(void) { return at("store/new", O_WRONLY | O_CREAT); }
static int store_truncate(void) { return truncate(below("store/policy.db"), 0); }
static int store_unlink(void) { return unlink(below("store/policy.db")); }
static int store_rename(void) { return rename(below("store/policy.db"), below("store/other")); }
static int store_chmod(void) { return chmod(below("store/policy.db"), 0666); }
static int set_write(void) { return at("set/policy.yaml", O_WRONLY); }
static int set_make(void) { return at("set/z.yaml", O_WRONLY | O_CREAT); }
static int secret_read(void) { return at("secret", O_RDONLY); }
static int etc_write(void) { return open("/etc/policy-was-here", O_WRONLY | O_CREAT | O_CLOEXEC, 0600); }
static int tmp_write(void) { return open("/tmp/policy-was-here", O_WRONLY | O_CREAT | O_CLOEXEC, 0600); }
static int root_list(void) { return open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC); }
static int home_read(void) { return open("/root", O_RDONLY | O_DIRECTORY | O_CLOEXEC); }
static int dev_mem(void) { return open("/dev/kmsg", O_RDWR | O_CLOEXEC); }

static int
of_parent(const char *what, int flags)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)getppid(), what);
	return open(path, flags | O_CLOEXEC);
}

static int parent_memory(void) { return of_parent("mem", O_RDWR); }
static int parent_environment(void) { return of_parent("environ", O_RDONLY); }
static int own_memory(void) { return open("/proc/self/mem", O_RDWR | O_CLOEXEC); }
static int log_unlink(void) { return unlink(below("log/audit")); }
static int log_rename(void) { return rename(below("log/audit"), below("log/gone")); }
static int log_link(void) { return symlink("/etc/passwd", below("log/link")); }
static int log_hard_link(void) { return link(below("store/policy.db"), below("log/linked")); }
static int log_mkdir(void) { return mkdir(below("log/dir"), 0700); }
static int log_chmod(void) { return chmod(below("log/audit"), 0666); }
static int log_fifo(void) { return mkfifo(below("log/fifo"), 0600); }

static int
run(void)
{
	static char *const argv[] = { (char *)(uintptr_t)"true", NULL };

	return execve("/bin/true", argv, argv + 1);
}

static int
run_by_descriptor(void)
{
	static char *const argv[] = { (char *)(uintptr_t)"true", NULL };
	int fd = open("/usr/bin/true", O_RDONLY | O_CLOEXEC);

	return (int)syscall(SYS_execveat, fd, "", argv, argv + 1, AT_EMPTY_PATH);
}

static int
new_process(void)
{
	pid_t child = fork();

	if (child == 0)
		_exit(0);
	return child;
}

static int new_process_raw(void) { return (int)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, 0L); }
static int new_namespace(void) { return unshare(CLONE_NEWUSER); }
static int trace_parent(void) { return (int)ptrace(PTRACE_ATTACH, getppid(), NULL, NULL); }
static int kill_parent(void) { return kill(getppid(), 0); }
static int signal_parent(void) { return (int)syscall(SYS_tgkill, getppid(), getppid(), 0); }
static int handle_of_parent(void) { return (int)syscall(SYS_pidfd_open, getppid(), 0); }

static int
read_parent(void)
{
	char byte;
	struct iovec to = { &byte, 1 }, from = { (void *)(uintptr_t)dir, 1 };

	return (int)process_vm_readv(getppid(), &to, 1, &from, 1, 0);
}

static int
bind_tcp(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };

	return bind(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), (struct sockaddr *)&a, sizeof(a));
}

static int
bind_unix(void)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	snprintf(a.sun_path, sizeof(a.sun_path), "%.80s/log/s", dir);
	return bind(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), (struct sockaddr *)&a, sizeof(a));
}

static int listen_tcp(void) { return listen(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), 1); }
static int raw_socket(void) { return socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, 1); }
static int packet_socket(void) { return socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0); }
static int netlink_socket(void) { return socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 9); }

static int
mapped(void *p)
{
	return p == MAP_FAILED ? -1 : 0;
}

static int run_memory(void) { return mapped(mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)); }
static int run_memory_read(void) { return mapped(mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)); }

static int
run_memory_later(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? -1 : mprotect(p, 4096, PROT_READ | PROT_EXEC);
}

static int memory_file(void) { return memfd_create("x", MFD_CLOEXEC); }
static int dump_again(void) { return prctl(PR_SET_DUMPABLE, 1, 0, 0, 0); }

static int
core_again(void)
{
	const struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };

	return setrlimit(RLIMIT_CORE, &all);
}

static int become_root(void) { return (int)syscall(SYS_setuid, 0); }
static int mount_it(void) { return mount("none", "/tmp", "tmpfs", 0, NULL); }
static int change_root(void) { return chroot("/tmp"); }
static int load_bpf(void) { return (int)syscall(SYS_bpf, 0, NULL, 0); }
static int use_rings(void) { return (int)syscall(SYS_io_uring_setup, 1, NULL); }
static int fault_handler(void) { return (int)syscall(SYS_userfaultfd, O_CLOEXEC); }
static int count_events(void) { return (int)syscall(SYS_perf_event_open, NULL, 0, -1, -1, 0); }
static int add_key(void) { return (int)syscall(SYS_add_key, "user", "x", "y", 1UL, -3); }
static int old_machine(void) { return personality(READ_IMPLIES_EXEC); }
static int load_driver(void) { return (int)syscall(SYS_finit_module, 0, "", 0); }
static int type_for_others(void) { return ioctl(0, TIOCSTI, "x"); }
static int own_the_signal(void) { return fcntl(0, F_SETOWN, getppid()); }

/* ---- what goes on being there ---- */

static int read_set(void) { return at("set/policy.yaml", O_RDONLY); }
static int read_store(void) { return at("store/policy.db", O_RDONLY); }
static int write_record(void) { return at("log/audit", O_WRONLY | O_APPEND | O_CREAT); }
static int read_hosts(void) { return open("/etc/passwd", O_RDONLY | O_CLOEXEC); }

static void *
nothing(void *arg)
{
	return arg;
}

static int
new_thread(void)
{
	pthread_t t;
	int e = pthread_create(&t, NULL, nothing, NULL);

	errno = e;
	return e == 0 ? pthread_join(t, NULL) : -1;
}

static int
connect_out(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) }, .sin_port = htons(1) };
	int rc = connect(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), (struct sockaddr *)&a, sizeof(a));

	return rc != 0 && errno == ECONNREFUSED ? 0 : rc;
}

/* Names of hosts, of files and by asking servers; whatever comes of it, it returns. */
static int
resolve(void)
{
	struct addrinfo *list = NULL;
	int rc = getaddrinfo("localhost", "http", NULL, &list);

	if (rc == 0)
		freeaddrinfo(list);
	if (getaddrinfo("host.invalid", "http", NULL, &list) == 0)
		freeaddrinfo(list);
	return rc == 0 ? 0 : -1;
}

static int
users(void)
{
	struct passwd p, *found = NULL;
	char room[4096];

	return getpwnam_r("root", &p, room, sizeof(room), &found) == 0 && found != NULL ? 0 : -1;
}

#define ROW(name) { #name, name }

static const struct {
	const char *name;
	int (*fn)(void);
} rows[] = {
	ROW(read_set), ROW(read_store), ROW(write_record), ROW(read_hosts), ROW(new_thread), ROW(connect_out),
	ROW(resolve), ROW(users),
	{ "", NULL },			/* from here on: what must not be done */
	ROW(store_write), ROW(store_append), ROW(store_index), ROW(store_make), ROW(store_truncate), ROW(store_unlink),
	ROW(store_rename), ROW(store_chmod), ROW(set_write), ROW(set_make), ROW(secret_read), ROW(etc_write), ROW(tmp_write),
	ROW(root_list), ROW(home_read), ROW(dev_mem), ROW(parent_memory), ROW(parent_environment), ROW(own_memory),
	ROW(log_unlink), ROW(log_rename), ROW(log_link), ROW(log_hard_link), ROW(log_mkdir), ROW(log_chmod), ROW(log_fifo),
	ROW(run), ROW(run_by_descriptor), ROW(new_process), ROW(new_process_raw), ROW(new_namespace), ROW(trace_parent),
	ROW(kill_parent), ROW(signal_parent), ROW(handle_of_parent), ROW(read_parent), ROW(bind_tcp), ROW(bind_unix),
	ROW(listen_tcp), ROW(raw_socket), ROW(packet_socket), ROW(netlink_socket), ROW(run_memory), ROW(run_memory_read),
	ROW(run_memory_later), ROW(memory_file), ROW(dump_again), ROW(core_again), ROW(become_root), ROW(mount_it),
	ROW(change_root), ROW(load_bpf), ROW(use_rings), ROW(fault_handler), ROW(count_events), ROW(add_key), ROW(old_machine),
	ROW(load_driver), ROW(type_for_others), ROW(own_the_signal),
};

/* ---- the module ---- */

static int
attacker_open(void **state, const struct policy_open_args *args, struct policy_error *err)
{
	const struct policy_value *v = policy_with(args, "dir");

	(void)err;
	snprintf(dir, sizeof(dir), "%.*s", (int)v->u.text.len, v->u.text.data);
	*state = (void *)(uintptr_t)args->host;
	return 0;
}

static void
list(const struct policy_host *h)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[64];

		snprintf(text, sizeof(text), "row %s", rows[i].name);
		h->log(h, POLICY_LOG_INFO, text);
	}
}

static enum policy_check_result
attacker_check(void *state, const struct policy_call *call, struct policy_identity *id)
{
	const struct policy_host *h = state;
	char text[128];

	(void)id;
	if (call->credential->data.len < 7 || memcmp(call->credential->data.data, "attack.", 7) != 0)
		return POLICY_CHECK_IGNORE;
	snprintf(text, sizeof(text), "%.*s", (int)call->credential->data.len - 7, call->credential->data.data + 7);
	if (strcmp(text, "list") == 0)
		list(h);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].fn != NULL && strcmp(rows[i].name, text) == 0) {
			int rc;

			errno = 0;
			rc = rows[i].fn();
			snprintf(text, sizeof(text), "%s %s", rc >= 0 ? "done" : strerrorname_np(errno), rows[i].name);
			h->log(h, POLICY_LOG_INFO, text);
		}
	}
	return POLICY_CHECK_FAIL;
}

static void
attacker_close(void *state)
{
	(void)state;
}

static const char *const kinds[] = { "bearer", NULL };
static const struct policy_module_key keys[] = { { "dir", POLICY_KEY_TEXT, POLICY_KEY_REQUIRED }, { NULL, 0, 0 } };

const struct policy_module policy_module_1 = {
	.size = sizeof(struct policy_module), .abi = POLICY_MODULE_ABI, .name = "attacker", .version = "1.0",
	.flags = POLICY_MODULE_MAY_BLOCK, .kinds = kinds, .keys = keys, .open = attacker_open, .check = attacker_check,
	.close = attacker_close,
};
