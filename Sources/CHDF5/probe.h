// Reads an HDF5 file in a process of its own. The library believes what files say and crashes on many damaged ones; here
// that hits a child whom nobody needs.
#pragma once
#include <errno.h>
#include <fcntl.h>
#include "shim.h"
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { caffe_h5_probe_depth = 8, caffe_h5_probe_bytes = 1 << 20 };

// Reads all of a dataset or attribute if it is small. Of others only the first element is read, which sets up the
// conversion of the type, and the index of their chunks.
static inline void caffe_h5_probe_values(hid_t id, int is_attribute) {
  hid_t type = is_attribute ? H5Aget_type(id) : H5Dget_type(id);
  hid_t space = is_attribute ? H5Aget_space(id) : H5Dget_space(id);
  hssize_t count = H5Sget_simple_extent_npoints(space);
  size_t size = H5Tget_size(type);
  H5T_class_t kind = H5Tget_class(type);
  if (kind == H5T_STRING && count == 1) {
    char *text = NULL;
    int is_variable = H5Tis_variable_str(type) > 0;
    void *target = is_variable ? (void *)&text : size <= caffe_h5_probe_bytes ? malloc(size + 1) : NULL;
    herr_t status = -1;
    if (target) {
      status = is_attribute ? H5Aread(id, type, target) : H5Dread(id, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, target);
    }
    if (status >= 0 && is_variable) H5Dvlen_reclaim(type, space, H5P_DEFAULT, target);
    if (!is_variable) free(target);
  } else if ((kind == H5T_INTEGER || kind == H5T_FLOAT) && count > 0) {
    int is_small = count <= caffe_h5_probe_bytes / 8;
#if H5_VERSION_GE(1, 10, 5)
    hsize_t chunks;
    if (!is_attribute) H5Dget_num_chunks(id, H5S_ALL, &chunks);
#endif
    hsize_t start[H5S_MAX_RANK] = {0}, one[H5S_MAX_RANK], length = 1;
    int rank = H5Sget_simple_extent_ndims(space);
    for (int axis = 0; axis < H5S_MAX_RANK; ++axis) one[axis] = 1;
    hid_t memory = is_small || rank < 1 ? H5S_ALL : H5Screate_simple(1, &length, NULL);
    hid_t selected = H5S_ALL;
    if (memory != H5S_ALL && H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, one, NULL) >= 0) selected = space;
    void *target = is_small ? malloc((size_t)count * 8) : calloc(1, 8);
    if (target && (is_small || (selected != H5S_ALL && !is_attribute))) {
      hid_t types[] = {H5T_NATIVE_FLOAT, H5T_NATIVE_INT64};
      for (int index = 0; index < 2; ++index) {
        if (is_attribute) {
          H5Aread(id, types[index], target);
        } else {
          H5Dread(id, types[index], memory, selected, H5P_DEFAULT, target);
        }
      }
    }
    free(target);
    if (memory != H5S_ALL) H5Sclose(memory);
  }
  H5Tclose(type);
  H5Sclose(space);
}

// Goes through an object and all below it, as far as the budget of objects allows: groups may contain themselves.
static inline void caffe_h5_probe_object(hid_t object, int depth, int *budget) {
  if (--*budget < 0) return;
  int attributes = H5Aget_num_attrs(object);
  for (int index = 0; index < attributes && --*budget > 0; ++index) {
    hid_t attribute =
        H5Aopen_by_idx(object, ".", H5_INDEX_NAME, H5_ITER_INC, (hsize_t)index, H5P_DEFAULT, H5P_DEFAULT);
    if (attribute < 0) continue;
    caffe_h5_probe_values(attribute, 1);
    H5Aclose(attribute);
  }
  H5I_type_t kind = H5Iget_type(object);
  if (kind == H5I_DATASET && caffe_h5_lies_elsewhere(object) == 0) caffe_h5_probe_values(object, 0);
  H5G_info_t info;
  if (kind != H5I_GROUP || depth >= caffe_h5_probe_depth || H5Gget_info(object, &info) < 0) return;
  for (hsize_t index = 0; index < info.nlinks && *budget > 0; ++index) {
    // Most files do not know the order in which members were made.
    if (H5Lget_name_by_idx(object, ".", H5_INDEX_CRT_ORDER, H5_ITER_INC, index, NULL, 0, H5P_DEFAULT) < 0) break;
  }
  for (hsize_t index = 0; index < info.nlinks && *budget > 0; ++index) {
    char name[4096];
    if (H5Lget_name_by_idx(object, ".", H5_INDEX_NAME, H5_ITER_INC, index, name, sizeof name, H5P_DEFAULT) < 0) break;
    H5Lexists(object, name, H5P_DEFAULT);
    // What lies in another file is not this file's fault, and that file may be none to open.
    H5L_info_t link;
    int is_here = H5Lget_info(object, name, &link, H5P_DEFAULT) >= 0 && link.type != H5L_TYPE_EXTERNAL;
    hid_t child = is_here ? H5Oopen(object, name, H5P_DEFAULT) : -1;
    if (child < 0) {
      --*budget;
      continue;
    }
    caffe_h5_probe_object(child, depth + 1, budget);
    H5Oclose(child);
  }
}

// Whether a file can be gone through without a crash, in so many seconds of processor time: 1, 0, or -1 where no process can
// be made that finds out (errno says why).
//
// Only one thread lives on in the child, so it must need no lock that another one may hold: nothing but the library is
// called. That it came through is told by a byte in a pipe: an exit status may be taken by whoever else waits for children,
// or be dropped where signals of children are ignored.
static inline int caffe_h5_is_harmless(const char *path, hid_t access, unsigned seconds) {
  int ends[2];
  if (pipe(ends) != 0) return -1;
  fcntl(ends[0], F_SETFD, FD_CLOEXEC);
  fcntl(ends[1], F_SETFD, FD_CLOEXEC);
  pid_t child = fork();
  if (child < 0) {
    int cause = errno;
    close(ends[0]);
    close(ends[1]);
    errno = cause;
    return -1;
  }
  if (child == 0) {
    // Who handles such signals would write reports; and the C library writes a line before it gives up.
    int signals[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, SIGXCPU};
    for (size_t index = 0; index < sizeof signals / sizeof *signals; ++index) signal(signals[index], SIG_DFL);
    int nowhere = open("/dev/null", O_WRONLY);
    if (nowhere >= 0) dup2(nowhere, 2);
    struct rlimit no_dump = {0, 0}, time = {seconds, seconds};
    setrlimit(RLIMIT_CORE, &no_dump);
    setrlimit(RLIMIT_CPU, &time);
#ifdef __GLIBC__
    // Memory that the library forgets to fill is never zero by chance.
    mallopt(M_PERTURB, 0x55);
    // That does not go for what lies in the thread's cache of small pieces, so nothing is left in there.
    for (size_t size = 16; size <= 1040; size += 16) {
      for (int piece = 0; piece < 16; ++piece) {
        // Kept in a place that the compiler cannot do without.
        void *volatile taken = malloc(size);
        (void)taken;
      }
    }
#endif
    // Nor is it what another object of the library has left in lists of the library's own.
    H5garbage_collect();
    H5set_free_list_limits(0, 0, 0, 0, 0, 0);
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    hid_t file = H5Fopen(path, H5F_ACC_RDONLY, access);
    if (file >= 0) {
      int budget = 20000;
      hid_t root = H5Oopen(file, "/", H5P_DEFAULT);
      if (root >= 0) {
        caffe_h5_probe_object(root, 0, &budget);
        H5Oclose(root);
      }
      H5Fclose(file);
    }
    ssize_t told = write(ends[1], "", 1);
    _exit(told == 1 ? 0 : 1);
  }
  close(ends[1]);
  char byte;
  ssize_t count;
  do count = read(ends[0], &byte, 1);
  while (count < 0 && errno == EINTR);
  close(ends[0]);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  return count == 1;
}
