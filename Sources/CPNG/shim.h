// The libpng interface. Functions that libpng leaves by longjmp are wrapped here, since Swift cannot be jumped over.
#pragma once
#include <png.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/// A PNG file in memory that is being read. Set to zero before use, and closed whatever happened.
typedef struct {
  png_structp png;
  png_infop info;
  png_bytepp rows;
  const unsigned char *bytes;
  size_t left;
  char message[128];
} caffe_png_reader;

/// What the header of a PNG file says.
typedef struct {
  unsigned width, height;
  int depth, color_type;
  int has_transparency;
  size_t packed_row_bytes;
} caffe_png_header;

/// A PNG file in memory that is being written. Set to zero before use, and closed whatever happened.
typedef struct {
  png_structp png;
  png_infop info;
  unsigned char *bytes;
  size_t count, capacity;
  char message[128];
} caffe_png_writer;

static inline void caffe_png_read_error(png_structp png, png_const_charp message) {
  caffe_png_reader *reader = (caffe_png_reader *)png_get_error_ptr(png);
  snprintf(reader->message, sizeof reader->message, "%s", message);
  png_longjmp(png, 1);
}

static inline void caffe_png_write_error(png_structp png, png_const_charp message) {
  caffe_png_writer *writer = (caffe_png_writer *)png_get_error_ptr(png);
  snprintf(writer->message, sizeof writer->message, "%s", message);
  png_longjmp(png, 1);
}

static inline void caffe_png_ignore(png_structp png, png_const_charp message) {
  (void)png;
  (void)message;
}

static inline void caffe_png_take(png_structp png, png_bytep target, size_t count) {
  caffe_png_reader *reader = (caffe_png_reader *)png_get_io_ptr(png);
  if (count > reader->left) png_error(png, "the file ends too early");
  memcpy(target, reader->bytes, count);
  reader->bytes += count;
  reader->left -= count;
}

static inline void caffe_png_put(png_structp png, png_bytep source, size_t count) {
  caffe_png_writer *writer = (caffe_png_writer *)png_get_io_ptr(png);
  if (count > writer->capacity - writer->count) {
    size_t capacity = 2 * writer->capacity + count;
    unsigned char *bytes = (unsigned char *)realloc(writer->bytes, capacity);
    if (!bytes) png_error(png, "no memory");
    writer->bytes = bytes;
    writer->capacity = capacity;
  }
  memcpy(writer->bytes + writer->count, source, count);
  writer->count += count;
}

static inline void caffe_png_flush(png_structp png) { (void)png; }

/// Reads the header; 0 with a message when that fails.
__attribute__((noinline)) static inline int caffe_png_open(
    caffe_png_reader *reader, const unsigned char *bytes, size_t count, caffe_png_header *header) {
  reader->bytes = bytes;
  reader->left = count;
  reader->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, reader, caffe_png_read_error, caffe_png_ignore);
  if (!reader->png) return 0;
  if (setjmp(png_jmpbuf(reader->png))) return 0;
  reader->info = png_create_info_struct(reader->png);
  if (!reader->info) return 0;
  png_set_read_fn(reader->png, reader, caffe_png_take);
  png_read_info(reader->png, reader->info);
  header->width = png_get_image_width(reader->png, reader->info);
  header->height = png_get_image_height(reader->png, reader->info);
  header->depth = png_get_bit_depth(reader->png, reader->info);
  header->color_type = png_get_color_type(reader->png, reader->info);
  header->has_transparency = png_get_valid(reader->png, reader->info, PNG_INFO_tRNS) != 0;
  header->packed_row_bytes = png_get_rowbytes(reader->png, reader->info);
  return 1;
}

/// Reads all pixels as 8-bit gray (1 channel), BGR (3) or BGRA (4), row by row; 0 with a message when that fails.
__attribute__((noinline)) static inline int caffe_png_read(
    caffe_png_reader *reader, const caffe_png_header *header, int channels, unsigned char *pixels) {
  png_structp png = reader->png;
  size_t stride = (size_t)header->width * (size_t)channels;
  int is_colored = (header->color_type & PNG_COLOR_MASK_COLOR) != 0;
  if (setjmp(png_jmpbuf(png))) return 0;
  reader->rows = (png_bytepp)malloc(header->height * sizeof(png_bytep));
  if (!reader->rows) return 0;
  for (unsigned row = 0; row < header->height; ++row) reader->rows[row] = pixels + row * stride;
  if (header->depth == 16) png_set_strip_16(png);
  if (channels < 4) {
    png_set_strip_alpha(png);
  } else {
    png_set_tRNS_to_alpha(png);
  }
  if (header->color_type == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(png);
  if (!is_colored && header->depth < 8) png_set_expand_gray_1_2_4_to_8(png);
  if (is_colored && channels > 1) {
    png_set_bgr(png);
  } else if (channels > 1) {
    png_set_gray_to_rgb(png);
  } else if (is_colored) {
    png_set_rgb_to_gray(png, PNG_ERROR_ACTION_NONE, 0.299, 0.587);
  }
  png_set_interlace_handling(png);
  png_read_update_info(png, reader->info);
  if (png_get_rowbytes(png, reader->info) != stride) png_error(png, "an unknown kind of pixels");
  png_read_image(png, reader->rows);
  png_read_end(png, NULL);
  return 1;
}

/// Reads all samples of a file with 16 bits each, in the machine's order, without transparency; 0 with a message when that fails.
__attribute__((noinline)) static inline int caffe_png_read_deep(
    caffe_png_reader *reader, const caffe_png_header *header, unsigned short *samples) {
  png_structp png = reader->png;
  size_t stride = (size_t)header->width * ((header->color_type & PNG_COLOR_MASK_COLOR) ? 3 : 1);
  if (setjmp(png_jmpbuf(png))) return 0;
  reader->rows = (png_bytepp)malloc(header->height * sizeof(png_bytep));
  if (!reader->rows) return 0;
  for (unsigned row = 0; row < header->height; ++row) reader->rows[row] = (png_bytep)(samples + row * stride);
  png_set_strip_alpha(png);
  if (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__) png_set_swap(png);
  png_set_interlace_handling(png);
  png_read_update_info(png, reader->info);
  if (png_get_rowbytes(png, reader->info) != 2 * stride) png_error(png, "an unknown kind of pixels");
  png_read_image(png, reader->rows);
  png_read_end(png, NULL);
  return 1;
}

static inline void caffe_png_close(caffe_png_reader *reader) {
  free(reader->rows);
  if (reader->png) png_destroy_read_struct(&reader->png, &reader->info, NULL);
}

/// Writes 8-bit gray (1 channel), BGR (3) or BGRA (4) pixels; 0 with a message when that fails.
__attribute__((noinline)) static inline int caffe_png_write(
    caffe_png_writer *writer, unsigned width, unsigned height, int channels, const unsigned char *pixels) {
  writer->png = png_create_write_struct(PNG_LIBPNG_VER_STRING, writer, caffe_png_write_error, caffe_png_ignore);
  if (!writer->png) return 0;
  png_structp png = writer->png;
  if (setjmp(png_jmpbuf(png))) return 0;
  writer->info = png_create_info_struct(png);
  if (!writer->info) return 0;
  png_set_write_fn(png, writer, caffe_png_put, caffe_png_flush);
  // What OpenCV writes by default: fast to make, and small enough.
  png_set_filter(png, PNG_FILTER_TYPE_BASE, PNG_FILTER_SUB);
  png_set_compression_level(png, 1);
  png_set_compression_strategy(png, 3);  // Z_RLE
  int type = channels == 1 ? PNG_COLOR_TYPE_GRAY : channels == 3 ? PNG_COLOR_TYPE_RGB : PNG_COLOR_TYPE_RGBA;
  png_set_IHDR(
      png, writer->info, width, height, 8, type, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
      PNG_FILTER_TYPE_DEFAULT);
  png_write_info(png, writer->info);
  png_set_bgr(png);
  for (unsigned row = 0; row < height; ++row) png_write_row(png, pixels + (size_t)row * width * (size_t)channels);
  png_write_end(png, NULL);
  return 1;
}

static inline void caffe_png_finish(caffe_png_writer *writer) {
  free(writer->bytes);
  if (writer->png) png_destroy_write_struct(&writer->png, &writer->info);
}
