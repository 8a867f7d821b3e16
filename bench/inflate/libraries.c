// Decodes each gzip file ROUNDS times with libdeflate and with ISA-L, which
// igzip uses, and prints for each the best speed:
//
//	DECODER FILE MB/s
//
// libdeflate decodes a member at once, to memory that is reused. ISA-L returns
// pieces of 128 KiB. Both verify the checksums. bench/inflate/run compiles this.
#include <isa-l/igzip_lib.h>
#include <libdeflate.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static unsigned char *in, *out;
static size_t size, capacity;
static unsigned char piece[128 << 10];

static size_t with_libdeflate(void) {
	struct libdeflate_decompressor *d = libdeflate_alloc_decompressor();
	size_t at = 0, total = 0;
	while (at < size) {
		size_t used, got;
		if (libdeflate_gzip_decompress_ex(d, in + at, size - at, out, capacity, &used, &got) != LIBDEFLATE_SUCCESS)
			return 0;
		at += used;
		total += got;
	}
	libdeflate_free_decompressor(d);
	return total;
}

static size_t with_isal(void) {
	struct inflate_state state;
	size_t total = 0;
	isal_inflate_init(&state);
	state.next_in = in;
	state.avail_in = size;
	state.crc_flag = ISAL_GZIP;
	for (;;) {
		state.next_out = piece;
		state.avail_out = sizeof piece;
		if (isal_inflate(&state) != ISAL_DECOMP_OK)
			return 0;
		total += sizeof piece - state.avail_out;
		if (state.block_state != ISAL_BLOCK_FINISH)
			continue;
		if (state.avail_in == 0)
			return total;
		isal_inflate_reset(&state);
		state.crc_flag = ISAL_GZIP;
	}
}

static double now(void) {
	struct timespec t;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return t.tv_sec + t.tv_nsec * 1e-9;
}

static int measure(const char *decoder, const char *file, size_t decode(void), int rounds) {
	double best = 0;
	for (int i = 0; i < rounds; i++) {
		double begin = now();
		size_t total = decode();
		double speed = total / (now() - begin) / 1e6;
		if (total == 0) {
			fprintf(stderr, "%s: %s cannot decode it\n", file, decoder);
			return 1;
		}
		if (speed > best)
			best = speed;
	}
	printf("%s %s %.0f\n", decoder, file, best);
	return 0;
}

int main(int argc, char **argv) {
	int failed = argc < 3;
	for (int i = 2; i < argc; i++) {
		FILE *f = fopen(argv[i], "rb");
		if (f == NULL) {
			perror(argv[i]);
			return 1;
		}
		fseek(f, 0, SEEK_END);
		size = ftell(f);
		rewind(f);
		capacity = 40 * size + (1 << 20);
		in = malloc(size);
		out = malloc(capacity);
		if (in == NULL || out == NULL || fread(in, 1, size, f) != size) {
			perror(argv[i]);
			return 1;
		}
		fclose(f);
		failed |= measure("libdeflate", argv[i], with_libdeflate, atoi(argv[1]));
		failed |= measure("ISA-L", argv[i], with_isal, atoi(argv[1]));
		free(in);
		free(out);
	}
	return failed;
}
