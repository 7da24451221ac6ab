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

struct caffe_h5_visit {
  void (*call)(const char *path, H5O_type_t type, void *context);
  void *context;
};

static inline herr_t caffe_h5_visit_one(hid_t object, const char *path, const H5O_info_t *info, void *data) {
  struct caffe_h5_visit *visit = (struct caffe_h5_visit *)data;
  visit->call(path, info->type, visit->context);
  return 0;
}

// Visits each object below a group once, by name.
static inline herr_t caffe_h5_visit(
    hid_t group, void (*call)(const char *path, H5O_type_t type, void *context), void *context) {
  struct caffe_h5_visit visit = {call, context};
#if H5_VERSION_GE(1, 12, 0)
  return H5Ovisit3(group, H5_INDEX_NAME, H5_ITER_INC, caffe_h5_visit_one, &visit, H5O_INFO_BASIC);
#else
  return H5Ovisit(group, H5_INDEX_NAME, H5_ITER_INC, caffe_h5_visit_one, &visit);
#endif
}

// Whether a link leads to an object of the same file by its address, and not by a name that may lead elsewhere.
static inline htri_t caffe_h5_is_hard_link(hid_t group, const char *path) {
  H5L_info_t info;
  if (H5Lget_info(group, path, &info, H5P_DEFAULT) < 0) return -1;
  return info.type == H5L_TYPE_HARD;
}

// Whether the values of a dataset lie in other files.
static inline htri_t caffe_h5_lies_elsewhere(hid_t dataset) {
  hid_t list = H5Dget_create_plist(dataset);
  if (list < 0) return -1;
  int elsewhere = H5Pget_external_count(list) > 0 || H5Pget_layout(list) == H5D_VIRTUAL;
  H5Pclose(list);
  return elsewhere;
}
