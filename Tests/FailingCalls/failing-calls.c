// Makes one chosen system call of a program fail, or ends the program there: for tests of what it does then (Linux, LD_PRELOAD).
//
// A call is named by what it does and by the file that it concerns, and counted for each file by itself, so that threads which
// work on different files cannot change which call is meant: the third `write` to `run.caffemodel` is the same one in each run.
//
//     FAULT_FOLDER   only calls that concern files below this folder count; a full path
//     FAULT_LOG      a file that gets a line for each such call, `write run.caffemodel`, and FIRED behind the one that failed
//     FAULT_CALL     the call that fails, as it stands in the log; the process number in a file's name is written PID
//     FAULT_NUMBER   which one of these, from 1 on
//     FAULT_KIND     the name of an error; `short` for a part of the bytes; `kill` for SIGKILL in the middle of the call;
//                    `power` for SIGKILL, after which the files are as after a power cut
//     FAULT_LASTS    1 if from then on all calls of this kind fail, whatever the file
//     FAULT_NAMES    `lost` if a power cut also undoes what happened to names in folders that nobody brought to the disk since
//
// After a power cut a file holds what it held when it was brought to the disk last. The folder FAULT_FOLDER.lost must exist: it
// keeps files that others took the place of. With FAULT_KIND=power and no FAULT_CALL the power fails when the program has ended.

#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define REAL(function) ((__typeof__(&function))real(#function))

static void *real(const char *name) {
  void *function = dlsym(RTLD_NEXT, name);
  if (function == NULL) abort();
  return function;
}

// MARK: Settings

static struct {
  char folder[PATH_MAX];
  const char *call, *kind;
  int number, log, error;
  bool lasts, loses_names, cuts_power;
} settings = {.log = -1};

static const struct {
  const char *name;
  int code;
} errors[] = {{"EIO", EIO},       {"ENOSPC", ENOSPC}, {"EINTR", EINTR}, {"EMFILE", EMFILE},
              {"ENOMEM", ENOMEM}, {"EACCES", EACCES}, {"EDQUOT", EDQUOT}};

static pthread_mutex_t mutex = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pid_t first_process;

static const char *variable(const char *name) {
  const char *value = getenv(name);
  return value != NULL ? value : "";
}

static void read_settings(void) {
  first_process = getpid();
  snprintf(settings.folder, sizeof settings.folder, "%s", variable("FAULT_FOLDER"));
  settings.call = variable("FAULT_CALL");
  settings.kind = variable("FAULT_KIND");
  settings.number = atoi(variable("FAULT_NUMBER"));
  settings.lasts = atoi(variable("FAULT_LASTS"));
  settings.loses_names = strcmp(variable("FAULT_NAMES"), "lost") == 0;
  settings.cuts_power = strcmp(settings.kind, "power") == 0;
  for (size_t index = 0; index < sizeof errors / sizeof *errors; index++) {
    if (strcmp(errors[index].name, settings.kind) == 0) settings.error = errors[index].code;
  }
  const char *log = variable("FAULT_LOG");
  if (*log) settings.log = REAL(open)(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
}

// MARK: Which file a call concerns

/// Writes the path below the folder; false if the file is not there.
static bool below_folder(const char *path, char *name) {
  size_t length = strlen(settings.folder);
  if (length == 0 || strncmp(path, settings.folder, length) != 0) return false;
  if (path[length] != '/' && path[length] != 0) return false;
  const char *rest = path[length] == '/' ? path + length + 1 : ".";
  char process[16];
  snprintf(process, sizeof process, ".%d.", (int)getpid());
  const char *found = strstr(rest, process);
  if (found == NULL) {
    snprintf(name, PATH_MAX, "%s", rest);
  } else {
    snprintf(name, PATH_MAX, "%.*s.PID.%s", (int)(found - rest), rest, found + strlen(process));
  }
  return true;
}

/// The full path of a path, whose last part need not exist.
static bool full_path(const char *path, char *full) {
  char folder[PATH_MAX], resolved[PATH_MAX];
  if (path == NULL || strlen(path) >= PATH_MAX) return false;
  snprintf(folder, sizeof folder, "%s", path);
  size_t end = strlen(folder);
  while (end > 1 && folder[end - 1] == '/') folder[--end] = 0;
  char *slash = strrchr(folder, '/');
  const char *last = slash != NULL ? slash + 1 : folder;
  char part[PATH_MAX];
  snprintf(part, sizeof part, "%s", last);
  if (strcmp(part, ".") == 0 || strcmp(part, "..") == 0) return realpath(path, full) != NULL;
  if (slash == NULL) {
    snprintf(folder, sizeof folder, ".");
  } else {
    slash[slash == folder] = 0;
  }
  if (realpath(folder, resolved) == NULL) return false;
  int count = snprintf(full, PATH_MAX, "%s/%s", strcmp(resolved, "/") == 0 ? "" : resolved, part);
  return count < PATH_MAX;
}

static bool name_of_path(const char *path, char *name) {
  char full[PATH_MAX];
  return full_path(path, full) && below_folder(full, name);
}

static bool path_of_file(int file, char *path) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  ssize_t count = readlink(link, path, PATH_MAX - 1);
  if (count < 0) return false;
  path[count] = 0;
  return true;
}

static bool name_of_file(int file, char *name) {
  char path[PATH_MAX];
  return path_of_file(file, path) && below_folder(path, name);
}

// MARK: What is on the disk, for power cuts

/// A file that was opened for writing, and its bytes as they are on the disk.
struct image {
  dev_t device;
  ino_t number;
  int file;
  char *bytes;
  off_t size;
  struct image *next;
};

/// Something that happened to a name.
struct change {
  char path[PATH_MAX];    // the name as it is now
  char before[PATH_MAX];  // the name before it was renamed, or nothing for a new one
  char replaced[PATH_MAX];  // where the file lies whose place it took, if there was one
  bool is_durable;
  struct change *earlier;
};

static struct image *images;
static struct change *changes;

static void take_image(struct image *image) {
  struct stat status;
  if (REAL(fstat)(image->file, &status) != 0) return;
  free(image->bytes);
  image->bytes = malloc(status.st_size + 1);
  image->size = REAL(pread)(image->file, image->bytes, status.st_size, 0);
}

static struct image *image_of(int file) {
  struct stat status;
  if (REAL(fstat)(file, &status) != 0 || !S_ISREG(status.st_mode)) return NULL;
  for (struct image *image = images; image != NULL; image = image->next) {
    if (image->device == status.st_dev && image->number == status.st_ino) return image;
  }
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  struct image *image = calloc(1, sizeof *image);
  image->device = status.st_dev;
  image->number = status.st_ino;
  image->file = REAL(open)(link, O_RDWR | O_CLOEXEC);
  image->next = images;
  images = image;
  return image;
}

static struct change *note_change(const char *path, const char *before) {
  struct change *change = calloc(1, sizeof *change);
  snprintf(change->path, PATH_MAX, "%s", path);
  snprintf(change->before, PATH_MAX, "%s", before);
  change->earlier = changes;
  return changes = change;
}

/// Names in a folder that was brought to the disk stay.
static void keep_names_in(const char *folder) {
  size_t length = strlen(folder);
  for (struct change *change = changes; change != NULL; change = change->earlier) {
    const char *slash = strrchr(change->path, '/');
    if ((size_t)(slash - change->path) == length && strncmp(change->path, folder, length) == 0) {
      change->is_durable = true;
    }
  }
}

static void note_sync(int file) {
  char path[PATH_MAX];
  struct stat status;
  if (!settings.cuts_power || REAL(fstat)(file, &status) != 0 || !path_of_file(file, path)) return;
  if (S_ISDIR(status.st_mode)) {
    keep_names_in(path);
  } else {
    struct image *image = image_of(file);
    if (image != NULL) take_image(image);
  }
}

static void cut_power(void) {
  for (struct image *image = images; image != NULL; image = image->next) {
    if (REAL(ftruncate)(image->file, 0) != 0) abort();
    if (image->size > 0) REAL(pwrite)(image->file, image->bytes, image->size, 0);
  }
  if (!settings.loses_names) return;
  for (struct change *change = changes; change != NULL; change = change->earlier) {
    if (change->is_durable) continue;
    if (*change->before) {
      REAL(rename)(change->path, change->before);
      if (*change->replaced) REAL(rename)(change->replaced, change->path);
    } else {
      remove(change->path);
    }
  }
}

// MARK: Which call fails

struct count {
  char call[PATH_MAX + 16];
  int number;
  struct count *next;
};

static struct count *counts;
static bool has_fired;

static int count_call(const char *call) {
  struct count *count = counts;
  while (count != NULL && strcmp(count->call, call) != 0) count = count->next;
  if (count == NULL) {
    count = calloc(1, sizeof *count);
    snprintf(count->call, sizeof count->call, "%s", call);
    count->next = counts;
    counts = count;
  }
  return ++count->number;
}

static void log_call(const char *call, const char *mark) {
  char line[PATH_MAX + 32];
  int length = snprintf(line, sizeof line, "%s%s\n", call, mark);
  if (settings.log >= 0) REAL(write)(settings.log, line, length);
}

enum verdict { GOES_ON, FAILS, IS_SHORT, ENDS };

/// Says what is to happen to a call, and sets errno where it fails.
static enum verdict judge(const char *kind, bool concerns, const char *name) {
  if (!concerns) return GOES_ON;
  int saved = errno;
  char call[PATH_MAX + 16];
  snprintf(call, sizeof call, "%s %s", kind, name);
  pthread_mutex_lock(&mutex);
  int number = count_call(call);
  bool fires = strcmp(call, settings.call) == 0 && number == settings.number;
  size_t length = strlen(kind);
  bool is_of_kind = strncmp(settings.call, kind, length) == 0 && settings.call[length] == ' ';
  if (has_fired && settings.lasts && is_of_kind) fires = true;
  has_fired = has_fired || fires;
  log_call(call, fires ? " FIRED" : "");
  pthread_mutex_unlock(&mutex);
  errno = saved;
  if (!fires) return GOES_ON;
  if (strcmp(settings.kind, "short") == 0) return IS_SHORT;
  if (settings.error == 0) return ENDS;
  errno = settings.error;
  return FAILS;
}

/// Ends the process; other threads stay out of the files meanwhile.
static void end(void) {
  pthread_mutex_lock(&mutex);
  if (settings.cuts_power) cut_power();
  // A child that looks at a file ends together with its parent.
  if (getpid() != first_process) kill(first_process, SIGKILL);
  kill(getpid(), SIGKILL);
  for (;;) pause();
}

static enum verdict judge_path(const char *kind, const char *path) {
  pthread_once(&once, read_settings);
  char name[PATH_MAX];
  int saved = errno;
  bool concerns = name_of_path(path, name);
  errno = saved;
  return judge(kind, concerns, name);
}

static enum verdict judge_file(const char *kind, int file) {
  pthread_once(&once, read_settings);
  char name[PATH_MAX];
  int saved = errno;
  bool concerns = name_of_file(file, name);
  errno = saved;
  return judge(kind, concerns, name);
}

static bool is_tracked(const char *path, char *full) {
  char name[PATH_MAX];
  return settings.cuts_power && full_path(path, full) && below_folder(full, name);
}

__attribute__((destructor)) static void at_exit(void) {
  pthread_once(&once, read_settings);
  if (settings.cuts_power && !*settings.call) cut_power();
}

// MARK: Opening and closing

static int open_path(const char *path, int flags, mode_t mode) {
  switch (judge_path("open", path)) {
  case FAILS: return -1;
  case ENDS: end();
  default: break;
  }
  char full[PATH_MAX];
  bool writes = (flags & O_ACCMODE) != O_RDONLY && is_tracked(path, full);
  if (!writes) return REAL(open)(path, flags, mode);

  pthread_mutex_lock(&mutex);
  // The bytes that were there before are the ones on the disk.
  int before = REAL(open)(path, O_RDONLY | O_CLOEXEC);
  if (before >= 0) {
    struct image *image = image_of(before);
    if (image != NULL && image->bytes == NULL) take_image(image);
    REAL(close)(before);
  }
  int file = REAL(open)(path, flags, mode);
  if (file >= 0) image_of(file);
  if (file >= 0 && before < 0) note_change(full, "");
  pthread_mutex_unlock(&mutex);
  return file;
}

#define OPEN(function)                                        \
  int function(const char *path, int flags, ...) {            \
    va_list rest;                                             \
    va_start(rest, flags);                                    \
    mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0; \
    va_end(rest);                                             \
    return open_path(path, flags, mode);                      \
  }
OPEN(open)
OPEN(open64)
int creat(const char *path, mode_t mode) { return open_path(path, O_WRONLY | O_CREAT | O_TRUNC, mode); }

#define OPEN_STREAM(function)                                          \
  FILE *function(const char *path, const char *mode) {                 \
    switch (judge_path("open", path)) {                                \
    case FAILS: return NULL;                                           \
    case ENDS: end();                                                  \
    default: break;                                                    \
    }                                                                  \
    char full[PATH_MAX];                                               \
    bool writes = *mode != 'r' && is_tracked(path, full);              \
    bool is_new = writes && access(path, F_OK) != 0;                   \
    FILE *stream = REAL(function)(path, mode);                         \
    if (stream != NULL && writes) {                                    \
      pthread_mutex_lock(&mutex);                                      \
      image_of(fileno(stream));                                        \
      if (is_new) note_change(full, "");                               \
      pthread_mutex_unlock(&mutex);                                    \
    }                                                                  \
    return stream;                                                     \
  }
OPEN_STREAM(fopen)
OPEN_STREAM(fopen64)

DIR *opendir(const char *path) {
  switch (judge_path("open", path)) {
  case FAILS: return NULL;
  case ENDS: end();
  default: return REAL(opendir)(path);
  }
}

/// The file is closed even if an error is told, as Linux does.
int close(int file) {
  enum verdict verdict = judge_file("close", file);
  if (verdict == ENDS) end();
  int code = errno, status = REAL(close)(file);
  if (verdict != FAILS) return status;
  errno = code;
  return -1;
}

int fclose(FILE *stream) {
  enum verdict verdict = judge_file("close", fileno(stream));
  if (verdict == ENDS) end();
  int code = errno, status = REAL(fclose)(stream);
  if (verdict != FAILS) return status;
  errno = code;
  return EOF;
}

// MARK: Reading and writing

static size_t part_of(size_t count) { return count > 1 ? count / 2 : count; }

/// The body of a function that moves bytes; `write` and the like leave a half when the process ends within them.
#define MOVE(kind, file, count, is_write, call)             \
  switch (judge_file(kind, file)) {                         \
  case FAILS: return -1;                                    \
  case IS_SHORT: count = part_of(count); break;             \
  case ENDS:                                                \
    if (is_write && !settings.cuts_power) {                 \
      count = part_of(count);                               \
      (void)!(call);                                        \
    }                                                       \
    end();                                                  \
  default: break;                                           \
  }                                                         \
  return call;

ssize_t read(int file, void *bytes, size_t count) {
  MOVE("read", file, count, false, REAL(read)(file, bytes, count))
}

ssize_t pread(int file, void *bytes, size_t count, off_t offset) {
  MOVE("pread", file, count, false, REAL(pread)(file, bytes, count, offset))
}

ssize_t pread64(int file, void *bytes, size_t count, off_t offset) {
  MOVE("pread", file, count, false, REAL(pread)(file, bytes, count, offset))
}

static ssize_t noting_sync(int file, ssize_t count) {
  if (count > 0 && settings.cuts_power && (fcntl(file, F_GETFL) & O_DSYNC)) {
    pthread_mutex_lock(&mutex);
    note_sync(file);
    pthread_mutex_unlock(&mutex);
  }
  return count;
}

ssize_t write(int file, const void *bytes, size_t count) {
  MOVE("write", file, count, true, noting_sync(file, REAL(write)(file, bytes, count)))
}

ssize_t pwrite(int file, const void *bytes, size_t count, off_t offset) {
  MOVE("pwrite", file, count, true, noting_sync(file, REAL(pwrite)(file, bytes, count, offset)))
}

ssize_t pwrite64(int file, const void *bytes, size_t count, off_t offset) {
  MOVE("pwrite", file, count, true, noting_sync(file, REAL(pwrite)(file, bytes, count, offset)))
}

/// A short one writes the first piece alone.
#define MOVE_PIECES(kind, call)                                                           \
  MOVE(kind, file, count, true, noting_sync(file, call))
ssize_t writev(int file, const struct iovec *pieces, int count) {
  MOVE_PIECES("write", REAL(writev)(file, pieces, count))
}

ssize_t pwritev(int file, const struct iovec *pieces, int count, off_t offset) {
  MOVE_PIECES("pwrite", REAL(pwritev)(file, pieces, count, offset))
}

/// glibc's flag for a stream that has met an error.
enum { STREAM_ERROR = 0x20 };

size_t fread(void *bytes, size_t size, size_t count, FILE *stream) {
  switch (judge_file("read", fileno(stream))) {
  case FAILS: stream->_flags |= STREAM_ERROR; return 0;
  case ENDS: end();
  default: return REAL(fread)(bytes, size, count, stream);
  }
}

size_t fwrite(const void *bytes, size_t size, size_t count, FILE *stream) {
  switch (judge_file("write", fileno(stream))) {
  case FAILS: stream->_flags |= STREAM_ERROR; return 0;
  case ENDS: end();
  default: return REAL(fwrite)(bytes, size, count, stream);
  }
}

// MARK: Bringing to the disk

#define SYNC(function)                            \
  int function(int file) {                        \
    switch (judge_file(#function, file)) {        \
    case FAILS: return -1;                        \
    case ENDS: end();                             \
    default: break;                               \
    }                                             \
    int status = REAL(function)(file);            \
    pthread_mutex_lock(&mutex);                   \
    if (status == 0) note_sync(file);             \
    pthread_mutex_unlock(&mutex);                 \
    return status;                                \
  }
SYNC(fsync)
SYNC(fdatasync)

#define TRUNCATE(function)                        \
  int function(int file, off_t size) {            \
    switch (judge_file("ftruncate", file)) {      \
    case FAILS: return -1;                        \
    case ENDS: end();                             \
    default: return REAL(ftruncate)(file, size);  \
    }                                             \
  }
TRUNCATE(ftruncate)
TRUNCATE(ftruncate64)

// MARK: Names

int mkdir(const char *path, mode_t mode) {
  switch (judge_path("mkdir", path)) {
  case FAILS: return -1;
  case ENDS: end();
  default: break;
  }
  int status = REAL(mkdir)(path, mode);
  char full[PATH_MAX];
  if (status == 0 && is_tracked(path, full)) {
    pthread_mutex_lock(&mutex);
    note_change(full, "");
    pthread_mutex_unlock(&mutex);
  }
  return status;
}

int rename(const char *old, const char *new) {
  switch (judge_path("rename", new)) {
  case FAILS: return -1;
  case ENDS: end();
  default: break;
  }
  static int number;
  char before[PATH_MAX], after[PATH_MAX], replaced[PATH_MAX] = "";
  if (!is_tracked(old, before) || !is_tracked(new, after)) return REAL(rename)(old, new);
  pthread_mutex_lock(&mutex);
  snprintf(replaced, sizeof replaced, "%.4000s.lost/%d", settings.folder, number++);
  if (link(new, replaced) != 0) replaced[0] = 0;
  int status = REAL(rename)(old, new);
  if (status == 0) {
    struct change *change = note_change(after, before);
    snprintf(change->replaced, PATH_MAX, "%s", replaced);
  }
  pthread_mutex_unlock(&mutex);
  return status;
}

// MARK: Memory and facts

void *mmap(void *address, size_t count, int protection, int flags, int file, off_t offset) {
  if (file >= 0 && judge_file("mmap", file) == FAILS) return MAP_FAILED;
  return REAL(mmap)(address, count, protection, flags, file, offset);
}

int fstat(int file, struct stat *status) {
  if (judge_file("stat", file) == FAILS) return -1;
  return REAL(fstat)(file, status);
}

int stat(const char *path, struct stat *status) {
  if (judge_path("stat", path) == FAILS) return -1;
  return REAL(stat)(path, status);
}
