/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates of a listener. libmicrohttpd asks a client for one; that it is there is seen to here. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#include "conf_read.h"
#include "conn.h"

#define PEM_BYTES ((size_t)256 * 1024)

static int
load(char **out, const char *file, const char *what, bool is_secret, const struct pol_place *p)
{
	int fd = open(file, O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC), rc = 0;
	struct stat st;
	size_t len = 0;
	ssize_t got = 1;

	if (fd < 0 || fstat(fd, &st) != 0)
		rc = pol_conf_fault(p, POLICY_ERR_IO, "%s: %s: %s", what, file, strerrordesc_np(errno));
	else if (!S_ISREG(st.st_mode))
		rc = pol_conf_fault(p, POLICY_ERR_INVALID, "%s: %s: found no regular file where one is wanted", what, file);
	else if (is_secret && (st.st_mode & 07) != 0)
		rc = pol_conf_fault(p, POLICY_ERR_UNSAFE, "%s: %s has mode %04o, but others must not reach it", what, file,
		    (unsigned)st.st_mode & 07777u);
	else if (st.st_size <= 0 || (size_t)st.st_size > PEM_BYTES)
		rc = pol_conf_fault(p, POLICY_ERR_LIMIT, "%s: %s: found %lld bytes, wanted 1 to %zu", what, file,
		    (long long)st.st_size, PEM_BYTES);
	else if ((*out = calloc(1, (size_t)st.st_size + 1)) == NULL)
		rc = pol_conf_fault(p, POLICY_ERR_NOMEM, "out of memory");
	while (rc == 0 && got != 0 && len < (size_t)st.st_size) {
		got = read(fd, *out + len, (size_t)st.st_size - len);
		if (got > 0)
			len += (size_t)got;
		else if (got < 0 && errno != EINTR)
			rc = pol_conf_fault(p, POLICY_ERR_IO, "%s: %s: %s", what, file, strerrordesc_np(errno));
	}
	if (fd >= 0)
		close(fd);
	return rc;
}

int
pol_tls_load(struct pol_tls *t, const struct pol_conf *conf, const struct pol_conf_listener *l, struct policy_error *err)
{
	struct pol_place p = { conf->file, l->line, 0, err };
	int rc = 0;

	memset(t, 0, sizeof(*t));
	if (l->certificate != NULL)
		rc = load(&t->certificate, l->certificate, "certificate", false, &p);
	if (rc == 0 && l->key != NULL)
		rc = load(&t->key, l->key, "key", true, &p);
	if (rc == 0 && l->client_ca != NULL)
		rc = load(&t->client_ca, l->client_ca, "client_ca", false, &p);
	return rc;
}

void
pol_tls_fini(struct pol_tls *t)
{
	if (t->key != NULL)
		explicit_bzero(t->key, strlen(t->key));
	free(t->key);
	free(t->certificate);
	free(t->client_ca);
	memset(t, 0, sizeof(*t));
}

bool
pol_tls_is_client(struct MHD_Connection *mhd)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_GNUTLS_SESSION);
	gnutls_typed_vdata_st purpose = { GNUTLS_DT_KEY_PURPOSE_OID,
	    (unsigned char *)(uintptr_t)GNUTLS_KP_TLS_WWW_CLIENT, 0 };
	unsigned status = 1;

	if (info == NULL || info->tls_session == NULL)
		return false;
	return gnutls_certificate_verify_peers(info->tls_session, &purpose, 1, &status) == 0 && status == 0;
}
