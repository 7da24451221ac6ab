import CaffeCore
import CaffeData
import CaffeHDF5
import CaffeLayers

extension LayerRegistry {
  /// Every layer type that the package ships.
  public static var standard: LayerRegistry {
    LayerRegistry(LayerTypes.all + DataLayerTypes.all + [HDF5OutputLayer.self])
  }
}
