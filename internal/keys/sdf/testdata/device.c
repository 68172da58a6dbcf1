/* A cryptographic device in software, for tests: the functions of GM/T 0018-2012 that are used, with the checks that the
   standard asks of a device, a record of the calls, and faults on demand. Its block cipher (XTEA) stands in for SM4: who
   calls never looks inside. SM2 is answered by the test, through stub_sign. */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BASE 0x01000000u
enum { OPENDEVICE = BASE + 5, OPENSESSION = BASE + 6, PARDENY = BASE + 7, KEYNOTEXIST = BASE + 8, ALGNOTSUPPORT = BASE + 9,
       COMMFAIL = BASE + 3, KEYERR = BASE + 0x15, PRKRERR = BASE + 0x18, NOBUFFER = BASE + 0x1C, INARGERR = BASE + 0x1D };
#define MAXSESSIONS 64
#define MAXKEYS 256
#define INDEXES 32

typedef struct { unsigned bits; unsigned char x[64], y[64]; } ECCrefPublicKey;
typedef struct { unsigned char r[64], s[64]; } ECCSignature;
typedef struct {
	unsigned char issuer[40], name[16], serial[16];
	unsigned version, standard, asym[2], sym, hash, buffer;
} DEVICEINFO;

static pthread_mutex_t mu = PTHREAD_MUTEX_INITIALIZER;
static int plugged = 1, device, limit = MAXSESSIONS, open_sessions, most, live_keys, rights;
static int session[MAXSESSIONS + 1], right[MAXSESSIONS + 1][INDEXES + 1];
static struct { int used; uint32_t k[4]; } keys[MAXKEYS + 1];
static unsigned char publics[INDEXES + 1][64];
static uint32_t kek[4] = {0x12345678, 0x9abcdef0, 0x0fedcba9, 0x87654321};
static char record[1 << 16], failing[64];
static unsigned fail_code;
static int fail_times, denied;
static int (*sign)(int index, unsigned char *digest, unsigned char *sig);

/* The test's side. */
void stub_sign(int (*fn)(int, unsigned char *, unsigned char *)) { sign = fn; }
void stub_public(int index, unsigned char *xy) { memcpy(publics[index], xy, 64); }
void stub_limit(int n) { limit = n; }
void stub_plug(int yes) { plugged = yes; }
void stub_kek(int n) { kek[0] = n; }
int stub_open(void) { return open_sessions; }
int stub_most(void) { return most; }
int stub_keys(void) { return live_keys; }
int stub_rights(void) { return rights; }
int stub_denied(void) { return denied; }
void stub_fail(const char *name, unsigned code, int times) {
	pthread_mutex_lock(&mu);
	snprintf(failing, sizeof failing, "%s", name);
	fail_code = code;
	fail_times = times;
	pthread_mutex_unlock(&mu);
}
int stub_record(char *out, int n) {
	pthread_mutex_lock(&mu);
	int len = (int)strlen(record);
	if (len >= n) len = n - 1;
	memcpy(out, record, len);
	out[len] = 0;
	record[0] = 0;
	pthread_mutex_unlock(&mu);
	return len;
}
/* A reset: the device forgets sessions, rights and session keys. */
void stub_reset(void) {
	pthread_mutex_lock(&mu);
	memset(session, 0, sizeof session);
	memset(right, 0, sizeof right);
	memset(keys, 0, sizeof keys);
	open_sessions = live_keys = rights = device = 0;
	pthread_mutex_unlock(&mu);
}

static unsigned enter(const char *name, const char *args) {
	pthread_mutex_lock(&mu);
	size_t n = strlen(record);
	snprintf(record + n, sizeof record - n, "%s%s\n", name + 4, args);
	if (fail_times > 0 && !strcmp(failing, name)) {
		fail_times--;
		return fail_code;
	}
	return plugged ? 0 : COMMFAIL;
}
static unsigned leave(unsigned r) { pthread_mutex_unlock(&mu); return r; }
static int id(void *h, int max) { intptr_t i = (intptr_t)h - 1000; return i > 0 && i <= max ? (int)i : 0; }
static int live(void *h) { int i = id(h, MAXSESSIONS); return i && session[i] ? i : 0; }
#define ENTER(name, args) unsigned r = enter(name, args); if (r) return leave(r)
#define SESSION int s = live(h); if (!s) return leave(COMMFAIL)

unsigned SDF_OpenDevice(void **h) {
	ENTER("SDF_OpenDevice", "");
	device = 1;
	*h = (void *)1;
	return leave(0);
}
unsigned SDF_CloseDevice(void *h) {
	ENTER("SDF_CloseDevice", "");
	if (h != (void *)1) return leave(INARGERR);
	device = 0;
	return leave(0);
}
unsigned SDF_OpenSession(void *d, void **h) {
	ENTER("SDF_OpenSession", "");
	if (d != (void *)1 || !device) return leave(OPENDEVICE);
	for (int i = 1; i <= limit; i++)
		if (!session[i]) {
			session[i] = 1;
			if (++open_sessions > most) most = open_sessions;
			*h = (void *)(intptr_t)(1000 + i);
			return leave(0);
		}
	return leave(OPENSESSION);
}
unsigned SDF_CloseSession(void *h) {
	ENTER("SDF_CloseSession", "");
	SESSION;
	session[s] = 0;
	open_sessions--;
	return leave(0);
}
unsigned SDF_GetDeviceInfo(void *h, DEVICEINFO *out) {
	ENTER("SDF_GetDeviceInfo", "");
	SESSION;
	memset(out, 0, sizeof *out);
	strcpy((char *)out->issuer, "test");
	out->standard = 1;
	return leave(0);
}
unsigned SDF_GenerateRandom(void *h, unsigned n, unsigned char *out) {
	ENTER("SDF_GenerateRandom", "");
	SESSION;
	for (unsigned i = 0; i < n; i++) out[i] = (unsigned char)(rand() >> 3 | 1);
	return leave(0);
}
unsigned SDF_GetPrivateKeyAccessRight(void *h, unsigned index, unsigned char *pin, unsigned n) {
	char args[32];
	snprintf(args, sizeof args, " %u", index);
	ENTER("SDF_GetPrivateKeyAccessRight", args);
	SESSION;
	if (index == 0 || index > INDEXES) return leave(KEYNOTEXIST);
	if (n != 8 || memcmp(pin, "Sidian#1", 8)) { denied++; return leave(PRKRERR); }
	if (!right[s][index]++) rights++;
	return leave(0);
}
unsigned SDF_ReleasePrivateKeyAccessRight(void *h, unsigned index) {
	char args[32];
	snprintf(args, sizeof args, " %u", index);
	ENTER("SDF_ReleasePrivateKeyAccessRight", args);
	SESSION;
	if (right[s][index]) { right[s][index] = 0; rights--; }
	return leave(0);
}
unsigned SDF_ExportSignPublicKey_ECC(void *h, unsigned index, ECCrefPublicKey *out) {
	static const unsigned char none[64];
	char args[32];
	snprintf(args, sizeof args, " %u", index);
	ENTER("SDF_ExportSignPublicKey_ECC", args);
	SESSION;
	if (index == 0 || index > INDEXES || !memcmp(publics[index], none, 64)) return leave(KEYNOTEXIST);
	memset(out, 0, sizeof *out);
	out->bits = 256;
	memcpy(out->x + 32, publics[index], 32);
	memcpy(out->y + 32, publics[index] + 32, 32);
	return leave(0);
}
unsigned SDF_InternalSign_ECC(void *h, unsigned index, unsigned char *data, unsigned n, ECCSignature *out) {
	char args[32];
	unsigned char sig[64];
	snprintf(args, sizeof args, " %u %u", index, n);
	ENTER("SDF_InternalSign_ECC", args);
	SESSION;
	if (n != 32) return leave(INARGERR);
	if (index == 0 || index > INDEXES || !right[s][index]) return leave(PARDENY);
	leave(0);
	if (!sign || sign((int)index, data, sig)) return BASE + 0x0D;
	memset(out, 0, sizeof *out);
	memcpy(out->r + 32, sig, 32);
	memcpy(out->s + 32, sig + 32, 32);
	return 0;
}

static void block(const uint32_t k[4], uint32_t v[2], int decrypt) {
	uint32_t a = v[0], b = v[1], delta = 0x9E3779B9, sum = decrypt ? delta * 32 : 0;
	for (int i = 0; i < 32; i++) {
		if (decrypt) {
			b -= (((a << 4) ^ (a >> 5)) + a) ^ (sum + k[(sum >> 11) & 3]);
			sum -= delta;
			a -= (((b << 4) ^ (b >> 5)) + b) ^ (sum + k[sum & 3]);
		} else {
			a += (((b << 4) ^ (b >> 5)) + b) ^ (sum + k[sum & 3]);
			sum += delta;
			b += (((a << 4) ^ (a >> 5)) + a) ^ (sum + k[(sum >> 11) & 3]);
		}
	}
	v[0] = a;
	v[1] = b;
}
/* 16 octets, as two blocks of which the second is chained to the first. */
static void crypt16(const uint32_t k[4], unsigned char *p, int decrypt) {
	uint32_t v[4];
	memcpy(v, p, 16);
	if (decrypt) {
		block(k, v + 2, 1);
		v[2] ^= v[0]; v[3] ^= v[1];
		block(k, v, 1);
	} else {
		block(k, v, 0);
		v[2] ^= v[0]; v[3] ^= v[1];
		block(k, v + 2, 0);
	}
	memcpy(p, v, 16);
}
static int keep(const unsigned char *k) {
	for (int i = 1; i <= MAXKEYS; i++)
		if (!keys[i].used) {
			keys[i].used = 1;
			memcpy(keys[i].k, k, 16);
			live_keys++;
			return i;
		}
	return 0;
}
/* Under the KEK: the key and a checksum, as devices tell a wrong KEK. */
unsigned SDF_GenerateKeyWithKEK(void *h, unsigned bits, unsigned alg, unsigned index, unsigned char *out, unsigned *n, void **key) {
	char args[48];
	unsigned char k[32];
	snprintf(args, sizeof args, " %u %08x %u", bits, alg, index);
	ENTER("SDF_GenerateKeyWithKEK", args);
	SESSION;
	if (bits != 128 || alg != 0x401) return leave(ALGNOTSUPPORT);
	if (index != 1) return leave(KEYNOTEXIST);
	if (*n < 32) return leave(NOBUFFER);
	for (int i = 0; i < 16; i++) k[i] = (unsigned char)(rand() >> 5);
	for (int i = 0; i < 16; i++) k[16 + i] = k[i] ^ 0x5a;
	int i = keep(k);
	if (!i) return leave(NOBUFFER);
	crypt16(kek, k, 0);
	crypt16(kek, k + 16, 0);
	memcpy(out, k, 32);
	*n = 32;
	*key = (void *)(intptr_t)(1000 + i);
	return leave(0);
}
unsigned SDF_ImportKeyWithKEK(void *h, unsigned alg, unsigned index, unsigned char *in, unsigned n, void **key) {
	char args[48];
	unsigned char k[32];
	snprintf(args, sizeof args, " %08x %u %u", alg, index, n);
	ENTER("SDF_ImportKeyWithKEK", args);
	SESSION;
	if (alg != 0x401) return leave(ALGNOTSUPPORT);
	if (index != 1) return leave(KEYNOTEXIST);
	if (n != 32) return leave(KEYERR);
	memcpy(k, in, 32);
	crypt16(kek, k, 1);
	crypt16(kek, k + 16, 1);
	for (int i = 0; i < 16; i++)
		if (k[16 + i] != (k[i] ^ 0x5a)) return leave(KEYERR);
	int i = keep(k);
	if (!i) return leave(NOBUFFER);
	*key = (void *)(intptr_t)(1000 + i);
	return leave(0);
}
unsigned SDF_DestroyKey(void *h, void *key) {
	ENTER("SDF_DestroyKey", "");
	SESSION;
	(void)s;
	int i = id(key, MAXKEYS);
	if (!i || !keys[i].used) return leave(KEYNOTEXIST);
	memset(&keys[i], 0, sizeof keys[i]);
	live_keys--;
	return leave(0);
}
static unsigned cbc(const char *name, void *h, void *key, unsigned alg, unsigned char *iv, unsigned char *in, unsigned n, unsigned char *out, unsigned *m, int decrypt) {
	char args[48];
	unsigned char chain[16], was[16], b[16];
	snprintf(args, sizeof args, " %08x %u", alg, n);
	ENTER(name, args);
	SESSION;
	(void)s;
	int i = id(key, MAXKEYS);
	if (!i || !keys[i].used) return leave(KEYNOTEXIST);
	if (alg != 0x402) return leave(ALGNOTSUPPORT);
	if (n == 0 || n % 16) return leave(INARGERR);
	if (*m < n) return leave(NOBUFFER);
	memcpy(chain, iv, 16);
	for (unsigned at = 0; at < n; at += 16) {
		memcpy(b, in + at, 16);
		memcpy(was, b, 16);
		if (!decrypt) for (int j = 0; j < 16; j++) b[j] ^= chain[j];
		crypt16(keys[i].k, b, decrypt);
		if (decrypt) for (int j = 0; j < 16; j++) b[j] ^= chain[j];
		memcpy(chain, decrypt ? was : b, 16);
		memcpy(out + at, b, 16);
	}
	memcpy(iv, chain, 16);
	*m = n;
	return leave(0);
}
unsigned SDF_Encrypt(void *h, void *key, unsigned alg, unsigned char *iv, unsigned char *in, unsigned n, unsigned char *out, unsigned *m) {
	return cbc("SDF_Encrypt", h, key, alg, iv, in, n, out, m, 0);
}
unsigned SDF_Decrypt(void *h, void *key, unsigned alg, unsigned char *iv, unsigned char *in, unsigned n, unsigned char *out, unsigned *m) {
	return cbc("SDF_Decrypt", h, key, alg, iv, in, n, out, m, 1);
}
