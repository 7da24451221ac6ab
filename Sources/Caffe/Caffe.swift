// One import for everything: `import Caffe`.
@_exported import CaffeCore
@_exported import CaffeData
@_exported import CaffeHDF5
@_exported import CaffeLayers
@_exported import CaffeOneDNN
@_exported import CaffeProto
@_exported import CaffeSolvers
