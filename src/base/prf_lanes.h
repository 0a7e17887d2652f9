/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Included by prf.c only, once a kind of wide registers: LANES is the function's name, ISA
 * what it may use. Vectors are lowered where they stand, so a body cannot be shared.
 */
/* Each lane's words and, behind them, their number of bytes where SipHash has it. */
__attribute__((target(ISA)))
static void
LANES(const struct pol_prf_key *k, const unsigned char *p, size_t rows, uint64_t out[2][POL_PRF_LANES])
{
	const uint64_t bytes = (uint64_t)(8 * rows) << 56;
	four k0, k1, a, b, c, d, m;

	memcpy(&k0, k->lane[0], sizeof(k0));
	memcpy(&k1, k->lane[1], sizeof(k1));
	a = k0 ^ 0x736f6d6570736575u;
	b = k1 ^ 0x646f72616e646f6du ^ 0xee;
	c = k0 ^ 0x6c7967656e657261u;
	d = k1 ^ 0x7465646279746573u;
	for (size_t i = 0; i <= rows; i++, p += sizeof(m)) {
		if (i < rows)
			memcpy(&m, p, sizeof(m));
		else
			m = (four){ bytes, bytes, bytes, bytes };
		d ^= m;
		ROUND4(a, b, c, d);
		ROUND4(a, b, c, d);
		a ^= m;
	}
	c ^= 0xee;
	for (int i = 0; i < 4; i++)
		ROUND4(a, b, c, d);
	m = a ^ b ^ c ^ d;
	memcpy(out[0], &m, sizeof(m));
	b ^= 0xdd;
	for (int i = 0; i < 4; i++)
		ROUND4(a, b, c, d);
	m = a ^ b ^ c ^ d;
	memcpy(out[1], &m, sizeof(m));
}

#undef LANES
#undef ISA
