// CaffeHDF5
