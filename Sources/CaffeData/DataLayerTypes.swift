public import CaffeCore

/// The layers that bring data into a net.
public enum DataLayerTypes {
  public static var all: [any Layer.Type] {
    [DataLayer.self, HDF5DataLayer.self, ImageDataLayer.self, MemoryDataLayer.self, WindowDataLayer.self]
  }
}
