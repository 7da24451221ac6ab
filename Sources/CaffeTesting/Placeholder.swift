// CaffeTesting
