"""Users over the API: for admins, but `me`, which tells everybody who they are."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate

from blogforge_llm import db
from blogforge_llm.api import authentication
from blogforge_llm.api.fields import FEW_CHARACTERS, Email, Flag, Line, Text
from blogforge_llm.records.accounts import Role, User
from blogforge_llm.services.accounts import users

bp = Blueprint("users", __name__, url_prefix="/api/v1/users", description="People with an account.")

_ROLES = {"description": "admin, editor or viewer; docs/permissions.md says what each may do.", "example": "editor"}
_PASSWORD = {
    "description": "10 to 200 characters, four different ones at least; not the e-mail, nor what anybody would try.",
    "minLength": 10,
    "maxLength": 200,
    "not": {"pattern": FEW_CHARACTERS},
    "example": "few unrelated words",
}


class UserOut(Schema):
    """A person with an account."""

    id = fields.Integer(required=True, metadata={"description": "The user's id.", "example": 7})
    email = fields.String(required=True, metadata={"description": "They log in with it.", "example": "ann@example.org"})
    name = fields.String(required=True, metadata={"description": "Shown beside what they write.", "example": "Ann"})
    role = fields.String(required=True, validate=validate.OneOf(list(Role)), metadata=_ROLES)
    is_active = fields.Boolean(required=True, metadata={"description": "Whether they may come in.", "example": True})
    created_at = fields.AwareDateTime(required=True, metadata={"description": "When the account was made."})
    last_login_at = fields.AwareDateTime(
        required=True, allow_none=True, metadata={"description": "The last login in a browser; null for never."}
    )


class UserIn(Schema):
    """A new user."""

    email = Email(required=True, metadata={"description": "Free.", "example": "ann@example.org"})
    name = Line(required=True, metadata={"description": "Shown beside what they write.", "example": "Ann"})
    role = fields.String(required=True, validate=validate.OneOf(list(Role)), metadata=_ROLES)
    password = Text(required=True, metadata=_PASSWORD)


class UserChange(Schema):
    """What to change; what is left out stays."""

    email = Email(metadata={"description": "A new e-mail.", "example": "ann@example.org"})
    name = Line(metadata={"description": "A new name.", "example": "Ann"})
    role = fields.String(validate=validate.OneOf(list(Role)), metadata=_ROLES)
    is_active = Flag(metadata={"description": "False logs them out and refuses their tokens."})


class PasswordIn(Schema):
    """A new password for somebody."""

    password = Text(required=True, metadata=_PASSWORD)


@bp.route("")
class Users(MethodView):
    @bp.response(200, UserOut(many=True))
    @bp.alt_response(403, description="Only admins may.")
    @bp.paginate()
    def get(self, pagination_parameters: Any) -> list[User]:
        """List users

        Those who may come in first, then by name.
        """
        first, size = pagination_parameters.first_item, pagination_parameters.page_size
        with db.connection() as conn:
            pagination_parameters.item_count = users.count(conn)
            return users.list_(conn, actor=authentication.current(), limit=size, offset=first)

    @bp.arguments(UserIn)
    @bp.response(201, UserOut)
    @bp.alt_response(403, description="Only admins may.")
    @bp.alt_response(409, description="The e-mail is taken.")
    def post(self, data: dict[str, Any]) -> User:
        """Create a user"""
        with db.transaction() as conn:
            return users.create(conn, actor=authentication.current(), **data)


@bp.route("/me")
@bp.response(200, UserOut)
def show_me() -> User:
    """Show the user of this token"""
    return authentication.current()


@bp.route("/<int:user_id>")
class UserById(MethodView):
    @bp.response(200, UserOut)
    @bp.alt_response(403, description="Only admins may.")
    @bp.alt_response(404, description="No such user.")
    def get(self, user_id: int) -> User:
        """Show a user"""
        with db.transaction() as conn:
            return users.get(conn, actor=authentication.current(), user_id=user_id)

    @bp.arguments(UserChange)
    @bp.response(200, UserOut)
    @bp.alt_response(403, description="Only admins may.")
    @bp.alt_response(404, description="No such user.")
    @bp.alt_response(409, description="The e-mail is taken, or it would take the last admin's rights, or your own.")
    def patch(self, data: dict[str, Any], user_id: int) -> User:
        """Change a user

        Who is deactivated is logged out at once. The last active admin can be neither demoted nor deactivated,
        and nobody demotes or deactivates themselves.
        """
        with db.transaction() as conn:
            return users.update(conn, actor=authentication.current(), user_id=user_id, **data)

    @bp.response(204)
    @bp.alt_response(403, description="Only admins may.")
    @bp.alt_response(404, description="No such user.")
    @bp.alt_response(409, description="It is the last active admin, or you.")
    def delete(self, user_id: int) -> None:
        """Delete a user

        Their sessions, tokens and own keys go too. What they wrote stays, without their name; to keep that, deactivate.
        """
        with db.transaction() as conn:
            users.delete(conn, actor=authentication.current(), user_id=user_id)


@bp.route("/<int:user_id>/password", methods=["PUT"])
@bp.arguments(PasswordIn)
@bp.response(204)
@bp.alt_response(403, description="Only admins may.")
@bp.alt_response(404, description="No such user.")
def update_password(data: dict[str, Any], user_id: int) -> None:
    """Set a user's password

    Their sessions end. API tokens stay good: revoke them separately.
    """
    with db.transaction() as conn:
        users.set_password(conn, actor=authentication.current(), user_id=user_id, password=data["password"])
