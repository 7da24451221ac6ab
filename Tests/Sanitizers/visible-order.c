// Loaded before everything else, tells thread sanitizer what orders threads in libraries that are built without it. It knows the
// locks of the C library; these two wait by system calls and instructions of their own:
//
// - GNU OpenMP: what one parallel region wrote and the next one reads would be a race each time;
// - Swift's Mutex, where threads have to wait for it. What happens without waiting becomes part of our own modules.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>

// In programs that are built with the sanitizer, and only there.
void __tsan_acquire(void *address) __attribute__((weak));
void __tsan_release(void *address) __attribute__((weak));

static void acquire(void *address) {
  if (__tsan_acquire) __tsan_acquire(address);
}

static void release(void *address) {
  if (__tsan_release) __tsan_release(address);
}

typedef void body_t(void *);
typedef void parallel_t(body_t *body, void *data, unsigned threads, unsigned flags);

struct region {
  body_t *body;
  void *data;
};

static void run(void *argument) {
  struct region *region = argument;
  acquire(region);
  region->body(region->data);
  release(region);
}

void GOMP_parallel(body_t *body, void *data, unsigned threads, unsigned flags) {
  struct region region = {body, data};
  release(&region);
  ((parallel_t *)dlsym(RTLD_NEXT, "GOMP_parallel"))(run, &region, threads, flags);
  acquire(&region);
}

// Methods of Swift's: `self` is in a register of its own.
#define SELF __attribute__((swift_context)) void *self
typedef __attribute__((swiftcall)) void lock_t(uint32_t thread, SELF);
typedef __attribute__((swiftcall)) void unlock_t(SELF);

#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

__attribute__((swiftcall)) void mutex_lock(uint32_t thread, SELF) __asm__(LOCK);
__attribute__((swiftcall)) void mutex_lock(uint32_t thread, SELF) {
  ((lock_t *)dlsym(RTLD_NEXT, LOCK))(thread, self);
  acquire(self);
}

__attribute__((swiftcall)) void mutex_unlock(SELF) __asm__(UNLOCK);
__attribute__((swiftcall)) void mutex_unlock(SELF) {
  release(self);
  ((unlock_t *)dlsym(RTLD_NEXT, UNLOCK))(self);
}
