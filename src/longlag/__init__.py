"""longlag: how long can a recurrent network remember, why, and which variant should you use?"""

__version__ = "0.1.0"
