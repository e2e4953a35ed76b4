from tools.a_class import _Shared as Base


class Sharing(Base):
    description: str = "Shares more."
