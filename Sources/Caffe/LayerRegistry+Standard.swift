import CaffeCore
import CaffeData
import CaffeHDF5
import CaffeLayers

extension LayerRegistry {
  /// Every layer type that the package ships.
  public static var standard: LayerRegistry {
    LayerRegistry(LayerTypes.all + [DataLayer.self, HDF5DataLayer.self, HDF5OutputLayer.self])
  }
}
