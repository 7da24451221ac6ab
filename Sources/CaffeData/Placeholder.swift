// CaffeData
