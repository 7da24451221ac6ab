// CaffeOneDNN
