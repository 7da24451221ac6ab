// The oneDNN C interface, in the part that versions 2 and 3 have in common.
//
// Version 3 replaced the structs that describe memory and operations by handles and by longer calls. Every call that
// differs goes through a function below, which means the same on either side. A memory descriptor is a handle here.
#pragma once

#include <oneapi/dnnl/dnnl.h>
#include <oneapi/dnnl/dnnl_debug.h>
#include <stdbool.h>
#include <stdlib.h>

// MARK: Memory descriptors

typedef struct caffe_layout *caffe_layout_t;

#if DNNL_VERSION_MAJOR >= 3
typedef const_dnnl_memory_desc_t caffe_const_descriptor_t;
#else
typedef const dnnl_memory_desc_t *caffe_const_descriptor_t;
#endif

static inline caffe_const_descriptor_t caffe_descriptor(caffe_layout_t layout) {
  return (caffe_const_descriptor_t)layout;
}

// A layout of values of a type with the given strides, or with one that oneDNN is free to choose (strides == NULL).
static inline dnnl_status_t caffe_layout_create(
    caffe_layout_t *layout, int rank, const int64_t *dimensions, const int64_t *strides, dnnl_data_type_t type) {
#if DNNL_VERSION_MAJOR >= 3
  dnnl_memory_desc_t descriptor = NULL;
  dnnl_status_t status = strides
      ? dnnl_memory_desc_create_with_strides(&descriptor, rank, dimensions, type, strides)
      : dnnl_memory_desc_create_with_tag(&descriptor, rank, dimensions, type, dnnl_format_tag_any);
  *layout = (caffe_layout_t)descriptor;
  return status;
#else
  dnnl_memory_desc_t *descriptor = (dnnl_memory_desc_t *)malloc(sizeof(dnnl_memory_desc_t));
  if (!descriptor) return dnnl_out_of_memory;
  dnnl_status_t status = strides
      ? dnnl_memory_desc_init_by_strides(descriptor, rank, dimensions, type, strides)
      : dnnl_memory_desc_init_by_tag(descriptor, rank, dimensions, type, dnnl_format_tag_any);
  if (status != dnnl_success) { free(descriptor); descriptor = NULL; }
  *layout = (caffe_layout_t)descriptor;
  return status;
#endif
}

// The layout that a primitive has for an argument; NULL where it does not take that argument.
static inline dnnl_status_t caffe_layout_query(
    caffe_layout_t *layout, const_dnnl_primitive_desc_t primitive, int argument) {
  *layout = NULL;
  caffe_const_descriptor_t found = dnnl_primitive_desc_query_md(primitive, dnnl_query_exec_arg_md, argument);
  if (!found || dnnl_memory_desc_get_size(found) == 0) return dnnl_success;
#if DNNL_VERSION_MAJOR >= 3
  return dnnl_memory_desc_clone((dnnl_memory_desc_t *)layout, found);
#else
  dnnl_memory_desc_t *copy = (dnnl_memory_desc_t *)malloc(sizeof(dnnl_memory_desc_t));
  if (!copy) return dnnl_out_of_memory;
  *copy = *found;
  *layout = (caffe_layout_t)copy;
  return dnnl_success;
#endif
}

static inline void caffe_layout_destroy(caffe_layout_t layout) {
#if DNNL_VERSION_MAJOR >= 3
  dnnl_memory_desc_destroy((dnnl_memory_desc_t)layout);
#else
  free(layout);
#endif
}

static inline bool caffe_layouts_equal(caffe_layout_t a, caffe_layout_t b) {
  return dnnl_memory_desc_equal(caffe_descriptor(a), caffe_descriptor(b)) != 0;
}

static inline size_t caffe_layout_size(caffe_layout_t layout) {
  return dnnl_memory_desc_get_size(caffe_descriptor(layout));
}

// Copies the extents, at most DNNL_MAX_NDIMS, and says how many there are.
static inline int caffe_layout_dimensions(caffe_layout_t layout, int64_t *dimensions) {
#if DNNL_VERSION_MAJOR >= 3
  int rank = 0;
  const dnnl_dims_t *found = NULL;
  dnnl_memory_desc_query(caffe_descriptor(layout), dnnl_query_ndims_s32, &rank);
  dnnl_memory_desc_query(caffe_descriptor(layout), dnnl_query_dims, &found);
  for (int i = 0; i < rank; i++) dimensions[i] = (*found)[i];
#else
  int rank = caffe_descriptor(layout)->ndims;
  for (int i = 0; i < rank; i++) dimensions[i] = caffe_descriptor(layout)->dims[i];
#endif
  return rank;
}

static inline dnnl_data_type_t caffe_layout_type(caffe_layout_t layout) {
#if DNNL_VERSION_MAJOR >= 3
  dnnl_data_type_t type = dnnl_data_type_undef;
  dnnl_memory_desc_query(caffe_descriptor(layout), dnnl_query_data_type, &type);
  return type;
#else
  return caffe_descriptor(layout)->data_type;
#endif
}

// Whether the values lie in plain row-major order. The stride of an axis of extent 1 does not matter.
static inline bool caffe_layout_is_row_major(caffe_layout_t layout) {
  caffe_const_descriptor_t descriptor = caffe_descriptor(layout);
#if DNNL_VERSION_MAJOR >= 3
  dnnl_format_kind_t kind = dnnl_format_kind_undef;
  int rank = 0, blocks = 0;
  const dnnl_dims_t *dimensions = NULL, *padded = NULL, *strides = NULL;
  dnnl_memory_desc_query(descriptor, dnnl_query_format_kind, &kind);
  if (kind != dnnl_blocked) return false;
  dnnl_memory_desc_query(descriptor, dnnl_query_ndims_s32, &rank);
  dnnl_memory_desc_query(descriptor, dnnl_query_inner_nblks_s32, &blocks);
  dnnl_memory_desc_query(descriptor, dnnl_query_dims, &dimensions);
  dnnl_memory_desc_query(descriptor, dnnl_query_padded_dims, &padded);
  dnnl_memory_desc_query(descriptor, dnnl_query_strides, &strides);
#else
  if (descriptor->format_kind != dnnl_blocked) return false;
  int rank = descriptor->ndims, blocks = descriptor->format_desc.blocking.inner_nblks;
  const dnnl_dims_t *dimensions = &descriptor->dims, *padded = &descriptor->padded_dims;
  const dnnl_dims_t *strides = &descriptor->format_desc.blocking.strides;
#endif
  if (blocks != 0) return false;
  int64_t expected = 1;
  for (int i = rank - 1; i >= 0; i--) {
    if ((*padded)[i] != (*dimensions)[i]) return false;
    if ((*dimensions)[i] != 1 && (*strides)[i] != expected) return false;
    expected *= (*dimensions)[i];
  }
  return true;
}

// For a tensor of items × channels × places: how many channels lie side by side, if the places of one block of channels of
// one item are contiguous and blocks follow each other in order; 0 if the layout is not of this kind.
static inline int64_t caffe_layout_channel_block(caffe_layout_t layout) {
  caffe_const_descriptor_t descriptor = caffe_descriptor(layout);
#if DNNL_VERSION_MAJOR >= 3
  dnnl_format_kind_t kind = dnnl_format_kind_undef;
  int rank = 0, blocks = 0;
  const dnnl_dims_t *dimensions = NULL, *padded = NULL, *strides = NULL, *sizes = NULL, *axes = NULL;
  dnnl_memory_desc_query(descriptor, dnnl_query_format_kind, &kind);
  if (kind != dnnl_blocked) return 0;
  dnnl_memory_desc_query(descriptor, dnnl_query_ndims_s32, &rank);
  dnnl_memory_desc_query(descriptor, dnnl_query_inner_nblks_s32, &blocks);
  dnnl_memory_desc_query(descriptor, dnnl_query_inner_blks, &sizes);
  dnnl_memory_desc_query(descriptor, dnnl_query_inner_idxs, &axes);
  dnnl_memory_desc_query(descriptor, dnnl_query_dims, &dimensions);
  dnnl_memory_desc_query(descriptor, dnnl_query_padded_dims, &padded);
  dnnl_memory_desc_query(descriptor, dnnl_query_strides, &strides);
#else
  if (descriptor->format_kind != dnnl_blocked) return 0;
  int rank = descriptor->ndims, blocks = descriptor->format_desc.blocking.inner_nblks;
  const dnnl_dims_t *dimensions = &descriptor->dims, *padded = &descriptor->padded_dims;
  const dnnl_dims_t *strides = &descriptor->format_desc.blocking.strides;
  const dnnl_dims_t *sizes = &descriptor->format_desc.blocking.inner_blks;
  const dnnl_dims_t *axes = &descriptor->format_desc.blocking.inner_idxs;
#endif
  if (rank < 2 || blocks > 1 || (blocks == 1 && (*axes)[0] != 1)) return 0;
  bool channelsLast = blocks == 0 && (*strides)[1] == 1;
  int64_t block = blocks == 1 ? (*sizes)[0] : channelsLast ? (*dimensions)[1] : 1;
  int64_t expected = block;
  for (int i = rank - 1; i >= 2; i--) {
    if ((*dimensions)[i] != 1 && (*strides)[i] != expected) return 0;
    expected *= (*dimensions)[i];
  }
  if (!channelsLast && (*padded)[1] > block && (*strides)[1] != expected) return 0;
  expected *= (*padded)[1] / block;
  if ((*dimensions)[0] != 1 && (*strides)[0] != expected) return 0;
  return block;
}

// Items × channels × places in blocks of 8 or 16 channels.
static inline dnnl_status_t caffe_layout_create_blocked(
    caffe_layout_t *layout, int rank, const int64_t *dimensions, int64_t block, dnnl_data_type_t type) {
  const dnnl_format_tag_t tags[2][3] = {
      {dnnl_nCw8c, dnnl_nChw8c, dnnl_nCdhw8c}, {dnnl_nCw16c, dnnl_nChw16c, dnnl_nCdhw16c}};
  *layout = NULL;
  if (rank < 3 || rank > 5 || (block != 8 && block != 16)) return dnnl_unimplemented;
  dnnl_format_tag_t tag = tags[block == 16][rank - 3];
#if DNNL_VERSION_MAJOR >= 3
  return dnnl_memory_desc_create_with_tag((dnnl_memory_desc_t *)layout, rank, dimensions, type, tag);
#else
  dnnl_memory_desc_t *descriptor = (dnnl_memory_desc_t *)malloc(sizeof(dnnl_memory_desc_t));
  if (!descriptor) return dnnl_out_of_memory;
  dnnl_status_t status = dnnl_memory_desc_init_by_tag(descriptor, rank, dimensions, type, tag);
  if (status != dnnl_success) { free(descriptor); descriptor = NULL; }
  *layout = (caffe_layout_t)descriptor;
  return status;
#endif
}

// A layout of filters, of rank 5 if they are in groups: blocks of outputs × blocks of channels × taps × 16 channels × 16 outputs.
static inline dnnl_status_t caffe_layout_create_filter_blocks(
    caffe_layout_t *layout, int rank, const int64_t *dimensions) {
  *layout = NULL;
  if (rank != 4 && rank != 5) return dnnl_unimplemented;
  dnnl_format_tag_t tag = rank == 5 ? dnnl_gOIhw16i16o : dnnl_OIhw16i16o;
#if DNNL_VERSION_MAJOR >= 3
  return dnnl_memory_desc_create_with_tag((dnnl_memory_desc_t *)layout, rank, dimensions, dnnl_f32, tag);
#else
  dnnl_memory_desc_t *descriptor = (dnnl_memory_desc_t *)malloc(sizeof(dnnl_memory_desc_t));
  if (!descriptor) return dnnl_out_of_memory;
  dnnl_status_t status = dnnl_memory_desc_init_by_tag(descriptor, rank, dimensions, dnnl_f32, tag);
  if (status != dnnl_success) { free(descriptor); descriptor = NULL; }
  *layout = (caffe_layout_t)descriptor;
  return status;
#endif
}

static inline dnnl_status_t caffe_memory_create(
    dnnl_memory_t *memory, caffe_layout_t layout, dnnl_engine_t engine, void *values) {
  return dnnl_memory_create(memory, caffe_descriptor(layout), engine, values);
}

// MARK: Primitive descriptors

// What a primitive does with its result before it stores it: adds what the destination holds (`adds`), then applies
// x > 0 ? x : slope · x (`rectifies`).
typedef struct {
  bool adds;
  bool rectifies;
  float slope;
} caffe_epilogue_t;

static const caffe_epilogue_t caffe_plain = {false, false, 0};

static inline dnnl_status_t caffe_append_sum(dnnl_post_ops_t operations) {
#if DNNL_VERSION_MAJOR >= 3
  return dnnl_post_ops_append_sum(operations, 1, 0, dnnl_f32);
#else
  return dnnl_post_ops_append_sum(operations, 1);
#endif
}

static inline dnnl_status_t caffe_append_relu(dnnl_post_ops_t operations, float slope) {
#if DNNL_VERSION_MAJOR >= 3
  return dnnl_post_ops_append_eltwise(operations, dnnl_eltwise_relu, slope, 0);
#else
  return dnnl_post_ops_append_eltwise(operations, 1, dnnl_eltwise_relu, slope, 0);
#endif
}

// Every primitive works in scratch memory that its user hands over.
static inline dnnl_status_t caffe_attributes_create(dnnl_primitive_attr_t *attributes, caffe_epilogue_t epilogue) {
  dnnl_status_t status = dnnl_primitive_attr_create(attributes);
  if (status == dnnl_success) status = dnnl_primitive_attr_set_scratchpad_mode(*attributes, dnnl_scratchpad_mode_user);
  if (status != dnnl_success || !(epilogue.adds || epilogue.rectifies)) return status;
  dnnl_post_ops_t operations = NULL;
  status = dnnl_post_ops_create(&operations);
  if (status == dnnl_success && epilogue.adds) status = caffe_append_sum(operations);
  if (status == dnnl_success && epilogue.rectifies) status = caffe_append_relu(operations, epilogue.slope);
  if (status == dnnl_success) status = dnnl_primitive_attr_set_post_ops(*attributes, operations);
  if (operations) dnnl_post_ops_destroy(operations);
  return status;
}

#if DNNL_VERSION_MAJOR >= 3
// One call makes the descriptor.
#define CAFFE_CREATE(name, epilogue, ...)                                            \
  dnnl_primitive_attr_t attributes = NULL;                                           \
  dnnl_status_t status = caffe_attributes_create(&attributes, epilogue);             \
  if (status == dnnl_success)                                                        \
    status = dnnl_##name##_primitive_desc_create(result, __VA_ARGS__, attributes);   \
  if (attributes) dnnl_primitive_attr_destroy(attributes);                           \
  return status;
#else
// One call fills a struct that describes the operation, another makes the descriptor.
#define CAFFE_CREATE(type, name, epilogue, hint, ...)                                \
  dnnl_##type##_desc_t operation;                                                    \
  dnnl_primitive_attr_t attributes = NULL;                                           \
  dnnl_status_t status = caffe_attributes_create(&attributes, epilogue);             \
  if (status == dnnl_success) status = dnnl_##name##_desc_init(&operation, __VA_ARGS__); \
  if (status == dnnl_success)                                                        \
    status = dnnl_primitive_desc_create(result, &operation, attributes, engine, hint); \
  if (attributes) dnnl_primitive_attr_destroy(attributes);                           \
  return status;
#endif

// `dilation` counts the pixels between two taps of the kernel, so 0 is a dense kernel; `bias` may be NULL.
static inline dnnl_status_t caffe_convolution_forward(
    dnnl_primitive_desc_t *result, dnnl_engine_t engine, caffe_layout_t source, caffe_layout_t weights,
    caffe_layout_t bias, caffe_layout_t destination, const int64_t *stride, const int64_t *dilation,
    const int64_t *padBefore, const int64_t *padAfter, caffe_epilogue_t epilogue) {
#if DNNL_VERSION_MAJOR >= 3
  CAFFE_CREATE(
      convolution_forward, epilogue, engine, dnnl_forward_training, dnnl_convolution_direct, caffe_descriptor(source),
      caffe_descriptor(weights), caffe_descriptor(bias), caffe_descriptor(destination), stride, dilation, padBefore,
      padAfter)
#else
  CAFFE_CREATE(
      convolution, dilated_convolution_forward, epilogue, NULL, dnnl_forward_training, dnnl_convolution_direct,
      caffe_descriptor(source), caffe_descriptor(weights), caffe_descriptor(bias), caffe_descriptor(destination),
      stride, dilation, padBefore, padAfter)
#endif
}

static inline dnnl_status_t caffe_convolution_backward_data(
    dnnl_primitive_desc_t *result, dnnl_engine_t engine, caffe_layout_t sourceDiff, caffe_layout_t weights,
    caffe_layout_t destinationDiff, const int64_t *stride, const int64_t *dilation, const int64_t *padBefore,
    const int64_t *padAfter, const_dnnl_primitive_desc_t forward) {
#if DNNL_VERSION_MAJOR >= 3
  CAFFE_CREATE(
      convolution_backward_data, caffe_plain, engine, dnnl_convolution_direct, caffe_descriptor(sourceDiff),
      caffe_descriptor(weights), caffe_descriptor(destinationDiff), stride, dilation, padBefore, padAfter, forward)
#else
  CAFFE_CREATE(
      convolution, dilated_convolution_backward_data, caffe_plain, forward, dnnl_convolution_direct,
      caffe_descriptor(sourceDiff), caffe_descriptor(weights), caffe_descriptor(destinationDiff), stride, dilation,
      padBefore, padAfter)
#endif
}

static inline dnnl_status_t caffe_convolution_backward_weights(
    dnnl_primitive_desc_t *result, dnnl_engine_t engine, caffe_layout_t source, caffe_layout_t weightsDiff,
    caffe_layout_t biasDiff, caffe_layout_t destinationDiff, const int64_t *stride, const int64_t *dilation,
    const int64_t *padBefore, const int64_t *padAfter, const_dnnl_primitive_desc_t forward) {
#if DNNL_VERSION_MAJOR >= 3
  CAFFE_CREATE(
      convolution_backward_weights, caffe_plain, engine, dnnl_convolution_direct, caffe_descriptor(source),
      caffe_descriptor(weightsDiff), caffe_descriptor(biasDiff), caffe_descriptor(destinationDiff), stride, dilation,
      padBefore, padAfter, forward)
#else
  CAFFE_CREATE(
      convolution, dilated_convolution_backward_weights, caffe_plain, forward, dnnl_convolution_direct,
      caffe_descriptor(source), caffe_descriptor(weightsDiff), caffe_descriptor(biasDiff),
      caffe_descriptor(destinationDiff), stride, dilation, padBefore, padAfter)
#endif
}

static inline dnnl_status_t caffe_pooling_forward(
    dnnl_primitive_desc_t *result, dnnl_engine_t engine, bool training, dnnl_alg_kind_t algorithm,
    caffe_layout_t source, caffe_layout_t destination, const int64_t *stride, const int64_t *kernel,
    const int64_t *padBefore, const int64_t *padAfter) {
  dnnl_prop_kind_t kind = training ? dnnl_forward_training : dnnl_forward_inference;
#if DNNL_VERSION_MAJOR >= 3
  const dnnl_dims_t dense = {0};
  CAFFE_CREATE(
      pooling_forward, caffe_plain, engine, kind, algorithm, caffe_descriptor(source), caffe_descriptor(destination), stride,
      kernel, dense, padBefore, padAfter)
#else
  CAFFE_CREATE(
      pooling, pooling_forward, caffe_plain, NULL, kind, algorithm, caffe_descriptor(source), caffe_descriptor(destination),
      stride, kernel, padBefore, padAfter)
#endif
}

static inline dnnl_status_t caffe_pooling_backward(
    dnnl_primitive_desc_t *result, dnnl_engine_t engine, dnnl_alg_kind_t algorithm, caffe_layout_t sourceDiff,
    caffe_layout_t destinationDiff, const int64_t *stride, const int64_t *kernel, const int64_t *padBefore,
    const int64_t *padAfter, const_dnnl_primitive_desc_t forward) {
#if DNNL_VERSION_MAJOR >= 3
  const dnnl_dims_t dense = {0};
  CAFFE_CREATE(
      pooling_backward, caffe_plain, engine, algorithm, caffe_descriptor(sourceDiff), caffe_descriptor(destinationDiff),
      stride, kernel, dense, padBefore, padAfter, forward)
#else
  CAFFE_CREATE(
      pooling, pooling_backward, caffe_plain, forward, algorithm, caffe_descriptor(sourceDiff),
      caffe_descriptor(destinationDiff), stride, kernel, padBefore, padAfter)
#endif
}

static inline dnnl_status_t caffe_elementwise_forward(
    dnnl_primitive_desc_t *result, dnnl_engine_t engine, dnnl_alg_kind_t algorithm, float alpha,
    caffe_layout_t layout) {
#if DNNL_VERSION_MAJOR >= 3
  CAFFE_CREATE(
      eltwise_forward, caffe_plain, engine, dnnl_forward_inference, algorithm, caffe_descriptor(layout),
      caffe_descriptor(layout), alpha, 0)
#else
  CAFFE_CREATE(
      eltwise, eltwise_forward, caffe_plain, NULL, dnnl_forward_inference, algorithm, caffe_descriptor(layout), alpha, 0)
#endif
}

static inline dnnl_status_t caffe_batch_normalization_forward(
    dnnl_primitive_desc_t *result, dnnl_engine_t engine, bool given, float epsilon, caffe_layout_t layout) {
  dnnl_prop_kind_t kind = given ? dnnl_forward_inference : dnnl_forward_training;
  unsigned flags = given ? dnnl_use_global_stats : dnnl_normalization_flags_none;
#if DNNL_VERSION_MAJOR >= 3
  CAFFE_CREATE(
      batch_normalization_forward, caffe_plain, engine, kind, caffe_descriptor(layout), caffe_descriptor(layout), epsilon,
      flags)
#else
  CAFFE_CREATE(
      batch_normalization, batch_normalization_forward, caffe_plain, NULL, kind, caffe_descriptor(layout), epsilon, flags)
#endif
}

static inline dnnl_status_t caffe_batch_normalization_backward(
    dnnl_primitive_desc_t *result, dnnl_engine_t engine, bool given, float epsilon, caffe_layout_t layout,
    const_dnnl_primitive_desc_t forward) {
  unsigned flags = given ? dnnl_use_global_stats : dnnl_normalization_flags_none;
#if DNNL_VERSION_MAJOR >= 3
  CAFFE_CREATE(
      batch_normalization_backward, caffe_plain, engine, dnnl_backward_data, caffe_descriptor(layout),
      caffe_descriptor(layout), caffe_descriptor(layout), epsilon, flags, forward)
#else
  CAFFE_CREATE(
      batch_normalization, batch_normalization_backward, caffe_plain, forward, dnnl_backward_data, caffe_descriptor(layout),
      caffe_descriptor(layout), epsilon, flags)
#endif
}

// Across channels.
static inline dnnl_status_t caffe_lrn_forward(
    dnnl_primitive_desc_t *result, dnnl_engine_t engine, bool training, caffe_layout_t layout, int64_t size,
    float alpha, float beta, float k) {
  dnnl_prop_kind_t kind = training ? dnnl_forward_training : dnnl_forward_inference;
#if DNNL_VERSION_MAJOR >= 3
  CAFFE_CREATE(
      lrn_forward, caffe_plain, engine, kind, dnnl_lrn_across_channels, caffe_descriptor(layout),
      caffe_descriptor(layout), size, alpha, beta, k)
#else
  CAFFE_CREATE(
      lrn, lrn_forward, caffe_plain, NULL, kind, dnnl_lrn_across_channels, caffe_descriptor(layout), size, alpha, beta,
      k)
#endif
}

static inline dnnl_status_t caffe_lrn_backward(
    dnnl_primitive_desc_t *result, dnnl_engine_t engine, caffe_layout_t layout, int64_t size, float alpha, float beta,
    float k, const_dnnl_primitive_desc_t forward) {
#if DNNL_VERSION_MAJOR >= 3
  CAFFE_CREATE(
      lrn_backward, caffe_plain, engine, dnnl_lrn_across_channels, caffe_descriptor(layout), caffe_descriptor(layout),
      caffe_descriptor(layout), size, alpha, beta, k, forward)
#else
  CAFFE_CREATE(
      lrn, lrn_backward, caffe_plain, forward, dnnl_lrn_across_channels, caffe_descriptor(layout), caffe_descriptor(layout),
      size, alpha, beta, k)
#endif
}

// destination = source · weights (+ bias); `bias` may be NULL.
static inline dnnl_status_t caffe_matrix_product(
    dnnl_primitive_desc_t *result, dnnl_engine_t engine, caffe_layout_t source, caffe_layout_t weights,
    caffe_layout_t bias, caffe_layout_t destination, caffe_epilogue_t epilogue) {
#if DNNL_VERSION_MAJOR >= 3
  CAFFE_CREATE(
      matmul, epilogue, engine, caffe_descriptor(source), caffe_descriptor(weights), caffe_descriptor(bias),
      caffe_descriptor(destination))
#else
  CAFFE_CREATE(
      matmul, matmul, epilogue, NULL, caffe_descriptor(source), caffe_descriptor(weights), caffe_descriptor(bias),
      caffe_descriptor(destination))
#endif
}

static inline dnnl_status_t caffe_reorder(
    dnnl_primitive_desc_t *result, dnnl_engine_t engine, caffe_layout_t source, caffe_layout_t destination) {
  dnnl_primitive_attr_t attributes = NULL;
  dnnl_status_t status = caffe_attributes_create(&attributes, caffe_plain);
  if (status == dnnl_success)
    status = dnnl_reorder_primitive_desc_create(
        result, caffe_descriptor(source), engine, caffe_descriptor(destination), engine, attributes);
  if (attributes) dnnl_primitive_attr_destroy(attributes);
  return status;
}

// The name of the kernel that oneDNN chose, such as `jit:avx512_core`; it lives as long as the descriptor.
static inline const char *caffe_implementation(const_dnnl_primitive_desc_t primitive) {
  const char *name = NULL;
  return dnnl_primitive_desc_query(primitive, dnnl_query_impl_info_str, 0, &name) == dnnl_success && name ? name : "";
}

#undef CAFFE_CREATE
