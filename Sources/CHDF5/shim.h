// The HDF5 C interface, and functions for those of its constants that are macros Swift cannot import.
#pragma once
#include <hdf5.h>

static inline hid_t caffe_h5_default(void) { return H5P_DEFAULT; }
static inline hid_t caffe_h5_all(void) { return H5S_ALL; }

static inline hid_t caffe_h5_float(void) { return H5T_NATIVE_FLOAT; }
static inline hid_t caffe_h5_int32(void) { return H5T_NATIVE_INT32; }
static inline hid_t caffe_h5_int64(void) { return H5T_NATIVE_INT64; }
static inline hid_t caffe_h5_c_string(void) { return H5T_C_S1; }

static inline unsigned caffe_h5_read_only(void) { return H5F_ACC_RDONLY; }
static inline unsigned caffe_h5_read_write(void) { return H5F_ACC_RDWR; }
static inline unsigned caffe_h5_truncate(void) { return H5F_ACC_TRUNC; }
static inline unsigned caffe_h5_exclusive(void) { return H5F_ACC_EXCL; }

// A property list for links that makes missing parent groups.
static inline hid_t caffe_h5_links_with_parents(void) {
  hid_t list = H5Pcreate(H5P_LINK_CREATE);
  if (list >= 0) H5Pset_create_intermediate_group(list, 1);
  return list;
}

// A property list for groups that remember the order in which their members were made.
static inline hid_t caffe_h5_ordered_groups(void) {
  hid_t list = H5Pcreate(H5P_GROUP_CREATE);
  if (list >= 0) H5Pset_link_creation_order(list, H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED);
  return list;
}

// A property list for datasets that keep no times, so that the same values make the same bytes.
static inline hid_t caffe_h5_datasets(void) {
  hid_t list = H5Pcreate(H5P_DATASET_CREATE);
  if (list >= 0) H5Pset_obj_track_times(list, 0);
  return list;
}

// Such a list for datasets that are stored in chunks and so can grow.
static inline hid_t caffe_h5_chunks(int rank, const hsize_t *shape) {
  hid_t list = caffe_h5_datasets();
  if (list >= 0) H5Pset_chunk(list, rank, shape);
  return list;
}

// A property list for opening files; it does without file locks where the file system has none.
static inline hid_t caffe_h5_file_access(void) {
  hid_t list = H5Pcreate(H5P_FILE_ACCESS);
#if H5_VERSION_GE(1, 10, 7)
  if (list >= 0) H5Pset_file_locking(list, 1, 1);
#endif
  return list;
}

// A property list for files in memory.
static inline hid_t caffe_h5_memory_access(void) {
  hid_t list = H5Pcreate(H5P_FILE_ACCESS);
  if (list >= 0) H5Pset_fapl_core(list, 1 << 20, 0);
  return list;
}

// The bytes of a file in memory, and where they lie: a negative number, or NULL, if that cannot be told.
static inline ssize_t caffe_h5_memory_size(hid_t file) { return H5Fget_file_image(file, NULL, 0); }
static inline const void *caffe_h5_memory(hid_t file) {
  void *place = NULL;
  return H5Fget_vfd_handle(file, H5P_DEFAULT, &place) >= 0 && place ? *(void **)place : NULL;
}

static inline void caffe_h5_silence(void) { H5Eset_auto2(H5E_DEFAULT, NULL, NULL); }

// Visits the error stack from the outermost call to the innermost.
static inline void caffe_h5_walk_errors(H5E_walk2_t visit, void *context) {
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_DOWNWARD, visit, context);
}
